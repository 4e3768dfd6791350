from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0041_leased_pages")]
    operations = [
        migrations.RenameField("segment", "edition", "version"),
        migrations.RemoveConstraint("segmentedition", "segment_edition_is_one_row"),
        migrations.RenameModel("SegmentEdition", "SegmentVersion"),
        migrations.AddConstraint(
            "segmentversion",
            models.CheckConstraint(condition=models.Q(("id", 1)), name="segment_version_is_one_row"),
        ),
    ]
