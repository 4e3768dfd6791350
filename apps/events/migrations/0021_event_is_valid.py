from django.db import migrations, models

ADD = """
ALTER TABLE events_event ADD COLUMN is_valid boolean NOT NULL DEFAULT true;
-- The admin's list of events that were accepted although they are not what their type says: few rows.
CREATE INDEX events_event_invalid ON events_event (id) WHERE NOT is_valid;
"""


class Migration(migrations.Migration):
    """A column with a constant default costs no rewrite; the index of a full table is best made at a quiet hour."""

    dependencies = [("events", "0020_event_type_configuration")]
    operations = [
        migrations.RunSQL(
            ADD,
            "ALTER TABLE events_event DROP COLUMN is_valid",
            state_operations=[migrations.AddField("Event", "is_valid", models.BooleanField(default=True))],
        )
    ]
