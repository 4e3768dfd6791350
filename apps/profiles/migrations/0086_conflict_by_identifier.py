"""An identifier is shared when several customers came with it: they are counted by its conflicts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index."""

    dependencies = [("profiles", "0098_days_of_the_calendar")]
    operations = [
        migrations.AddIndex("identityconflict", models.Index(fields=["identifier_id"], name="conflict_by_identifier"))
    ]
