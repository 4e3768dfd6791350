"""When somebody was last active, by our own clock, and an index by which those who are silent are found.

The table is written anew for that, so this is the time to compute `search_text` in another way: the function is strict,
and not called for the many of whom no name is known. It took 3.5 us of each row that was written, theirs or not.
"""

from importlib import import_module

from django.db import migrations, models

before = import_module("apps.profiles.migrations.0002_storage")

# What clients said until now is the best that is known, but nobody was active in the future.
FILL = "UPDATE profiles_profile SET last_active_at = least(last_seen_at, now())"
# As with `last_seen_hour`: an index on the time itself would have to be written with every event.
ADD = f"""
ALTER FUNCTION profiles_folded(text) STRICT;
ALTER TABLE profiles_profile
    DROP COLUMN search_text,
    ADD COLUMN search_text text GENERATED ALWAYS AS (profiles_folded(nullif({before.TEXT}, ''))) STORED,
    ADD COLUMN last_active_hour timestamptz GENERATED ALWAYS AS (
        date_trunc('hour', last_active_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    ) STORED;
CREATE INDEX profile_by_search_text ON profiles_profile USING gin (search_text gin_trgm_ops)
    WHERE search_text IS NOT NULL;
CREATE INDEX profile_by_last_active_hour ON profiles_profile (last_active_hour, id);
"""
DROP = "ALTER TABLE profiles_profile DROP COLUMN last_active_hour"


class Migration(migrations.Migration):
    """Add the time of the last activity, and its hour."""

    dependencies = [("profiles", "0002_storage")]
    operations = [
        migrations.AddField("profile", "last_active_at", models.DateTimeField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        # So far no trigger waits for the end of the transaction, and the table may be altered again.
        migrations.AlterField("profile", "last_active_at", models.DateTimeField()),
        migrations.RunSQL(ADD, DROP),
    ]
