"""Days of the calendar are days: birthdays and the ends of loyalty cards were kept as moments in UTC."""

from django.db import migrations

# A day that was written with the offset of its place was kept as the moment of its beginning there: midnight in some
# zone, and the nearest midnight in UTC is that of the day. What was written with a time of the day keeps its day.
_DAY = """
CREATE FUNCTION pg_temp.day_of(text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT to_jsonb(to_char(
        CASE WHEN to_char(at, 'MI:SS.US') IN ('00:00.000000', '15:00.000000', '30:00.000000', '45:00.000000')
            THEN at + interval '11:59:59' ELSE at END,
        'YYYY-MM-DD'
    ))
    FROM (SELECT $1::timestamptz AT TIME ZONE 'UTC' AS at) AS read
$$
"""
_HELD_IN = (
    ("profiles_profile", "data", ""),
    ("profiles_merge", "kept_before", "data,"),
    ("profiles_merge", "merged_before", "data,"),
)
_FIELDS = ("pii,birthday", "loyalty,card,expires")
_WRITE = """
UPDATE {table} SET {column} = jsonb_set({column}, '{{{path}}}', pg_temp.day_of({column} #>> '{{{path}}}'))
WHERE {column} #>> '{{{path}}}' ~ '^[1-8][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:.]+[+]00:00$'
"""


class Migration(migrations.Migration):
    """What comes back from the images of merges is written anew, too."""

    dependencies = [("profiles", "0097_decision_by_hand")]
    operations = [
        migrations.RunSQL(
            [
                _DAY,
                *(
                    _WRITE.format(table=table, column=column, path=above + path)
                    for table, column, above in _HELD_IN
                    for path in _FIELDS
                ),
                "DROP FUNCTION pg_temp.day_of(text)",
            ],
            migrations.RunSQL.noop,
        )
    ]
