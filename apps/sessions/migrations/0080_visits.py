"""Sessions remember when their visits were, so that what arrives late is counted to the right one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Sessions that are there have one visit from their first event to their latest, until another begins."""

    dependencies = [("cdp_sessions", "0010_raw_profile_id")]
    operations = [migrations.AddField("session", "visits", models.JSONField(default=list))]
