"""Pages of live runs wait for workers as all rows do that wait: see core.claims."""

from django.db import migrations, models

CARRY_ON = """
UPDATE segments_livepage SET
    due_at = CASE WHEN done_at IS NULL THEN now() END,
    dead_at = CASE WHEN problems <> '{}' THEN done_at END
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0040_decide_anew")]

    operations = [
        migrations.AddField("livepage", "due_at", models.DateTimeField(null=True)),
        migrations.AddField("livepage", "dead_at", models.DateTimeField(null=True)),
        migrations.AddField("livepage", "leases", models.PositiveIntegerField(default=0)),
        migrations.AddField("livepage", "error", models.TextField(blank=True, default="")),
        migrations.RunSQL(CARRY_ON, migrations.RunSQL.noop),
        migrations.RemoveField("livepage", "claimed_at"),
        migrations.RemoveField("livepage", "done_at"),
        migrations.AddIndex(
            "livepage",
            models.Index(condition=models.Q(due_at__isnull=False), fields=["due_at", "id"], name="livepage_due"),
        ),
        migrations.AddConstraint(
            "livepage",
            models.CheckConstraint(
                condition=models.Q(("due_at", None), ("dead_at", None), _connector="OR"),
                name="livepage_waits_or_is_dead",
            ),
        ),
    ]
