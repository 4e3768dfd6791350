"""What computed traits remember of a profile's events, and what they say."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0021_privacy")]
    operations = [
        migrations.AddField("profile", "tallies", models.JSONField(default=dict)),
        migrations.AddField("profile", "computed", models.JSONField(default=dict)),
        # Who is there already has events; only new profiles have none.
        migrations.AddField("profile", "computed_edition", models.PositiveBigIntegerField(default=0)),
        migrations.AlterField("profile", "computed_edition", models.PositiveBigIntegerField(default=2**63 - 1)),
        migrations.AddField("profile", "computed_until", models.DateField(null=True)),
        migrations.CreateModel(
            name="ScoreScale",
            fields=[
                ("trait", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("limits", models.JSONField(default=dict)),
                ("n_profiles", models.PositiveBigIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
            ],
        ),
    ]
