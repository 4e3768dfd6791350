"""What models do not say: every event updates a session, so each page has room for the next version of a row."""

from django.db import migrations

ROOM = "ALTER TABLE cdp_sessions_session SET (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05)"
NO_ROOM = "ALTER TABLE cdp_sessions_session RESET (fillfactor, autovacuum_vacuum_scale_factor)"


class Migration(migrations.Migration):
    """Keep updates on their page (HOT), so that indexes are left alone."""

    dependencies = [("cdp_sessions", "0001_initial")]
    operations = [migrations.RunSQL(ROOM, NO_ROOM)]
