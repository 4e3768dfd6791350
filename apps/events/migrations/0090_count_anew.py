"""Computed traits over all events do not count what the platform itself says any more."""

from django.db import migrations

COUNT_ANEW = """
WITH next AS (
    INSERT INTO events_computededition AS it (id, number)
    SELECT 1, 1 WHERE EXISTS (SELECT FROM events_computedtrait WHERE event_types = '{}')
    ON CONFLICT (id) DO UPDATE SET number = it.number + 1 RETURNING number
)
UPDATE events_computedtrait SET edition = next.number FROM next WHERE event_types = '{}'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0093_inbox_retry"),
    ]

    operations = [migrations.RunSQL(COUNT_ANEW, migrations.RunSQL.noop)]
