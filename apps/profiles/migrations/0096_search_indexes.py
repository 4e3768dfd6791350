"""The indexes of the search and of the list of people, made while people go on writing."""

from django.db import migrations

INDEXES = {
    "profile_by_search_text": "USING gin (search_text gin_trgm_ops) WHERE search_text IS NOT NULL",
    "profile_by_last_seen_hour": "(last_seen_hour)",
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("profiles", "0095_search")]
    operations = [
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON profiles_profile {definition}",
            f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        )
        for name, definition in INDEXES.items()
    ]
