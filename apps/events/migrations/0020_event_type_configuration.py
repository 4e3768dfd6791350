from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0010_identification_point")]
    operations = [
        migrations.AddField("EventType", "overrides", models.JSONField(blank=True, default=dict)),
        migrations.AddField("EventType", "schema", models.JSONField(blank=True, null=True)),
        migrations.AddField(
            "EventType",
            "policy",
            models.CharField(
                choices=[
                    ("flag", "Accept and flag: it is stored, and changes no profile"),
                    ("quarantine", "Quarantine: it waits until somebody mends it"),
                    ("drop", "Drop: it is refused, and the sender is told why"),
                ],
                default="flag",
                max_length=10,
            ),
        ),
        migrations.AddField("EventType", "reshape", models.JSONField(blank=True, default=dict)),
    ]
