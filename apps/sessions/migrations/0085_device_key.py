"""Sessions know the device that opened them: what was decided on it may be decided again there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Of sessions that are there nobody knows the device: they decide for themselves alone."""

    dependencies = [("cdp_sessions", "0080_visits")]
    operations = [migrations.AddField("session", "device_key", models.UUIDField(null=True))]
