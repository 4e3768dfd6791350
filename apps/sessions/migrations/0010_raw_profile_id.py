"""Sessions keep the id of the profile that they first belonged to; a merge then need not touch them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Sessions that are there came with the profile that they have."""

    dependencies = [("cdp_sessions", "0002_storage_parameters"), ("profiles", "0001_initial")]
    operations = [
        migrations.AddField("session", "original_profile_id", models.UUIDField(null=True)),
        migrations.RunSQL("UPDATE cdp_sessions_session SET original_profile_id = profile_id", migrations.RunSQL.noop),
        migrations.AlterField(
            "session",
            "profile",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="sessions",
                to="profiles.profile",
            ),
        ),
    ]
