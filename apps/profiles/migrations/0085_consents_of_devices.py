"""Decisions know the device where they were made, and merges whose decision stands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Of decisions that are there the session is known: it goes on to decide."""

    dependencies = [("profiles", "0040_touched")]
    operations = [
        migrations.AddField("consentdecision", "device_key", models.UUIDField(null=True)),
        migrations.AddIndex("consentdecision", models.Index(fields=["event_id"], name="decision_by_event")),
        migrations.AddField("merge", "standing", models.JSONField(default=dict)),
        migrations.AlterField(
            "identityconflict",
            "refusal",
            models.CharField(
                choices=[
                    ("two_customers", "Both have a customer number of their own"),
                    ("too_many_ids", "Together they would have too many identifiers"),
                    ("shared", "The identifier has caused too many merges"),
                    ("separated", "A person has separated them"),
                    ("consents", "Both have decided about a consent, and nothing but a claim says that they are one"),
                ],
                max_length=20,
            ),
        ),
    ]
