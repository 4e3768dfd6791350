"""How a field of two profiles becomes one, where the default is not what one wants."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rules of the administrators."""

    dependencies = [("profiles", "0012_merge_ledger")]
    operations = [
        migrations.CreateModel(
            name="MergeRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "path",
                    models.CharField(
                        help_text="A field (data.job.position), all below one (traits.*), or * for the rest.",
                        max_length=200,
                        unique=True,
                    ),
                ),
                ("strategy", models.CharField(max_length=20)),
                (
                    "sources",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Most trusted source: ids of sources, the most trusted one first.",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="enabled")),
            ],
        ),
    ]
