"""ANY EVENT does not count what the platform itself says any more, and names of event types are read as written."""

from django.db import migrations

DECIDE_ANEW = """
WITH next AS (
    INSERT INTO segments_segmentedition AS it (id, number)
    SELECT 1, 1 WHERE EXISTS (SELECT FROM segments_segment WHERE kind = 'condition')
    ON CONFLICT (id) DO UPDATE SET number = it.number + 1 RETURNING number
)
UPDATE segments_segment SET edition = next.number, decided_at = NULL FROM next WHERE kind = 'condition'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("segments", "0031_membership_by_leaving"),
    ]

    operations = [migrations.RunSQL(DECIDE_ANEW, migrations.RunSQL.noop)]
