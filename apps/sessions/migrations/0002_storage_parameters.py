"""Room on each page for the next version of a row: sessions are updated by every event."""

from django.db import migrations

SET = "ALTER TABLE {} SET (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05)"
RESET = "ALTER TABLE {} RESET (fillfactor, autovacuum_vacuum_scale_factor)"


class Migration(migrations.Migration):
    """Keep updates on their page (HOT), so that indexes are left alone."""

    dependencies = [("cdp_sessions", "0001_initial")]
    operations = [migrations.RunSQL(SET.format("cdp_sessions_session"), RESET.format("cdp_sessions_session"))]
