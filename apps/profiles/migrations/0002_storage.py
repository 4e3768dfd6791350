"""What models do not say: room on pages, and what the search and the list of people need."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

# Every event updates a row: with room on each page for its next version (HOT), indexes are left alone.
ROOM = "ALTER TABLE profiles_profile SET (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05)"
NO_ROOM = "ALTER TABLE profiles_profile RESET (fillfactor, autovacuum_vacuum_scale_factor)"

# People are found by any part of what names them. Of texts without accents, as most are, nothing has to be taken apart.
FOLDED = r"""
CREATE FUNCTION profiles_folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length($1) = length($1) THEN lower($1)
        ELSE lower(regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g')) END
$$
"""
NAMES = ("(nullif(name, ''))", "(data #>> '{pii,firstname}')", "(data #>> '{pii,lastname}')", "primary_id")
EMAILS = tuple(f"(data #>> '{{contact,email,{kind}}}')" for kind in ("private", "business"))
PHONES = tuple(
    f"translate(data #>> '{{contact,phone,{kind}}}', ' +-()/.', '')"
    for kind in ("main", "business", "mobile", "whatsapp")
)
TEXT = " || ".join(f"coalesce(' ' || {part}, '')" for part in (*NAMES, "email", *EMAILS, *PHONES))
# They are no fields of the model: nobody but the search and the list reads them. Names that nobody has are not indexed.
ADD = f"""
ALTER TABLE profiles_profile
    ADD COLUMN search_text text GENERATED ALWAYS AS (nullif(profiles_folded({TEXT}), '')) STORED,
    ADD COLUMN last_seen_hour timestamptz GENERATED ALWAYS AS (
        date_trunc('hour', last_seen_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    ) STORED;
CREATE INDEX profile_by_search_text ON profiles_profile USING gin (search_text gin_trgm_ops)
    WHERE search_text IS NOT NULL;
CREATE INDEX profile_by_last_seen_hour ON profiles_profile (last_seen_hour);
"""
DROP = "ALTER TABLE profiles_profile DROP COLUMN search_text, DROP COLUMN last_seen_hour"


class Migration(migrations.Migration):
    """Settle how profiles are stored, and add what is computed of each."""

    dependencies = [("profiles", "0001_initial")]
    operations = [
        migrations.RunSQL(ROOM, NO_ROOM),
        TrigramExtension(),
        migrations.RunSQL(FOLDED, "DROP FUNCTION profiles_folded"),
        migrations.RunSQL(ADD, DROP),
    ]
