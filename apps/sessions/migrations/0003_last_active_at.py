"""When something of a session last arrived, by our own clock, and an index of those that are open and silent."""

from django.db import migrations, models

FILL = "UPDATE cdp_sessions_session SET last_active_at = least(last_seen_at, now())"
# Of sessions that have ended it is null, so that the index has those alone that are open; neither the status nor the
# time itself is part of it, or it would have to be written with every event.
ADD = """
ALTER TABLE cdp_sessions_session ADD COLUMN open_hour timestamptz GENERATED ALWAYS AS (
    CASE WHEN status <> 'ended' THEN date_trunc('hour', last_active_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' END
) STORED;
CREATE INDEX session_by_open_hour ON cdp_sessions_session (open_hour, id) WHERE open_hour IS NOT NULL;
"""
DROP = "ALTER TABLE cdp_sessions_session DROP COLUMN open_hour"


class Migration(migrations.Migration):
    """Add the time of the last activity, and its hour while a session is open."""

    dependencies = [("cdp_sessions", "0002_storage")]
    operations = [
        migrations.AddField("session", "last_active_at", models.DateTimeField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("session", "last_active_at", models.DateTimeField()),
        migrations.RunSQL(ADD, DROP),
        migrations.AddIndex(
            "session", models.Index(fields=["profile"], condition=models.Q(is_bot=True), name="session_of_bot")
        ),
    ]
