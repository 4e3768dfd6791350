"""People are found by any part of what names them, and stand in the order of their last events."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

# Of texts without accents nothing has to be taken apart; most are such.
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
# Both at once: the table is written anew once. Names that nobody has are no part of the index.
ADD = f"""
ALTER TABLE profiles_profile
    ADD COLUMN search_text text GENERATED ALWAYS AS (nullif(profiles_folded({TEXT}), '')) STORED,
    ADD COLUMN last_seen_hour timestamptz GENERATED ALWAYS AS (
        date_trunc('hour', last_seen_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    ) STORED
"""


class Migration(migrations.Migration):
    """Add what is computed of each profile. It is no field of the model: nobody but the search reads it."""

    dependencies = [("profiles", "0085_consents_of_devices")]
    operations = [
        TrigramExtension(),
        migrations.RunSQL(FOLDED, "DROP FUNCTION profiles_folded"),
        migrations.RunSQL(ADD, "ALTER TABLE profiles_profile DROP COLUMN search_text, DROP COLUMN last_seen_hour"),
    ]
