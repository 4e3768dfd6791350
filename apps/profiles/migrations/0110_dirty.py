"""Profiles that were changed outside of the pipeline are dirty."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("profiles", "0099_computed_states")]

    operations = [
        migrations.RenameModel("Touched", "Dirty"),
        migrations.RenameField("dirty", "touched_at", "marked_at"),
        migrations.AlterModelOptions("dirty", {"verbose_name_plural": "dirty"}),
    ]
