"""Live runs are called re-evaluations, and segments are evaluated."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0042_segment_version")]

    operations = [
        migrations.RenameField("segment", "decided_at", "evaluated_at"),
        migrations.RemoveConstraint("liverun", "live_run_of_a_kind_one_at_a_time"),
        migrations.RemoveConstraint("livepage", "live_page_by_number"),
        migrations.RemoveConstraint("livepage", "livepage_waits_or_is_dead"),
        migrations.RenameModel("LiveRun", "Reevaluation"),
        migrations.RenameModel("LivePage", "ReevaluationPage"),
        migrations.RenameIndex("reevaluationpage", old_name="livepage_due", new_name="reevaluationpage_due"),
        migrations.AddConstraint(
            "reevaluation",
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(finished_at=None), name="reevaluation_of_a_kind_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            "reevaluationpage",
            models.UniqueConstraint(fields=["run", "number"], name="reevaluation_page_by_number"),
        ),
        migrations.AddConstraint(
            "reevaluationpage",
            models.CheckConstraint(
                condition=models.Q(due_at=None) | models.Q(dead_at=None), name="reevaluationpage_waits_or_is_dead"
            ),
        ),
        migrations.AlterModelOptions(
            "reevaluation",
            {"verbose_name": "re-evaluation run"},
        ),
    ]
