from django.db import migrations, models

# What is tried again by itself is no dead letter.
REVIVE = "UPDATE events_inboxitem SET dead_at = NULL WHERE retry_at IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("events", "0099_payload")]
    operations = [
        migrations.RenameField("computedtrait", "edition", "version"),
        migrations.RemoveConstraint("computededition", "computed_edition_is_one_row"),
        migrations.RenameModel("ComputedEdition", "ComputedVersion"),
        migrations.AddConstraint(
            "computedversion",
            models.CheckConstraint(condition=models.Q(("id", 1)), name="computed_version_is_one_row"),
        ),
        migrations.RemoveIndex("inboxitem", "inbox_waiting"),
        migrations.RemoveIndex("inboxitem", "inbox_parked"),
        migrations.RenameField("inboxitem", "parked_at", "dead_at"),
        migrations.RunSQL(REVIVE, migrations.RunSQL.noop),
        migrations.AddIndex(
            "inboxitem",
            models.Index(condition=models.Q(("dead_at__isnull", False)), fields=["dead_at"], name="inbox_dead"),
        ),
        migrations.AddIndex(
            "inboxitem",
            models.Index(
                condition=models.Q(("dead_at", None), ("retry_at", None)), fields=["id"], name="inbox_waiting"
            ),
        ),
        migrations.AlterField(
            "eventtype",
            "policy",
            models.CharField(
                choices=[
                    ("flag", "Accept and flag: it is stored, and changes no profile"),
                    ("quarantine", "Quarantine: it waits until somebody fixes it"),
                    ("drop", "Drop: it is refused, and the sender is told why"),
                ],
                default="flag",
                max_length=10,
            ),
        ),
    ]
