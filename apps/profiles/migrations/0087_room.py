"""A person has only so much room: who holds more from before is cut down to it, before anybody has to wait for them."""

from typing import Any

from django.db import migrations

from apps.profiles.room import Room, cut

COLUMNS = ("data", "traits", "interests", "stats", "provenance")
# As they are stored, compressed: to look at that reads none of them.
LARGE = """
SELECT id FROM profiles_profile
WHERE pg_column_size(data) + pg_column_size(traits) + pg_column_size(interests) + pg_column_size(stats) > 16000
"""


def cut_down(apps: Any, schema_editor: Any) -> None:
    """Cut one after the other: some of them are as large as all others together."""
    profiles = apps.get_model("profiles", "Profile").objects
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(LARGE)
        ids = [id for (id,) in cursor.fetchall()]
    for id in ids:
        image = profiles.filter(id=id).values(*COLUMNS).get()
        if Room(image).is_exceeded:
            cut(image)
            profiles.filter(id=id).update(**image)


class Migration(migrations.Migration):
    """What was said last stays."""

    dependencies = [("profiles", "0086_conflict_by_identifier")]
    operations = [migrations.RunPython(cut_down, migrations.RunPython.noop)]
