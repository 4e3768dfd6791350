"""The event table: partitioned by month, which Django's models cannot say."""

import django.contrib.postgres.fields
from django.db import migrations, models

import apps.core.ids

CREATE = """
CREATE TABLE events_event (
    id uuid NOT NULL,
    time timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    processed_at timestamptz NOT NULL,
    type varchar(128) NOT NULL,
    source_id uuid NOT NULL,
    session_id uuid,
    profile_id uuid,
    original_profile_id uuid,
    message_id text,
    journey text,
    tags text[] NOT NULL DEFAULT '{}',
    is_silent boolean NOT NULL DEFAULT false,
    is_valid boolean NOT NULL DEFAULT true,
    properties jsonb NOT NULL DEFAULT '{}',
    traits jsonb NOT NULL DEFAULT '{}',
    context jsonb NOT NULL DEFAULT '{}',
    problems jsonb,
    -- An event by its id, and the admin's list, newest arrivals first.
    CONSTRAINT events_event_pkey PRIMARY KEY (id, time)
) PARTITION BY RANGE (time);
-- A profile's timeline, and a session's part of it.
CREATE INDEX events_event_by_profile ON events_event (profile_id, time) WHERE profile_id IS NOT NULL;
-- The events of a session that belong to nobody.
CREATE INDEX events_event_by_session ON events_event (session_id, time)
    WHERE profile_id IS NULL AND session_id IS NOT NULL;
-- The admin's list of one type, or of one source.
CREATE INDEX events_event_by_type ON events_event (type, id);
CREATE INDEX events_event_by_source ON events_event (source_id, id);
-- The admin's list of events that were accepted although they are not what their type says: few rows.
CREATE INDEX events_event_invalid ON events_event (id) WHERE NOT is_valid;
"""


class Migration(migrations.Migration):
    """Make the parent table; its partitions are made by `apps.events.store.partitions`."""

    dependencies = [("events", "0001_initial")]
    operations = [
        migrations.RunSQL(
            CREATE,
            "DROP TABLE events_event",
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("time", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("processed_at", models.DateTimeField()),
                        ("type", models.CharField(max_length=128)),
                        ("source_id", models.UUIDField()),
                        ("session_id", models.UUIDField(null=True)),
                        ("profile_id", models.UUIDField(null=True)),
                        ("original_profile_id", models.UUIDField(null=True)),
                        ("message_id", models.TextField(null=True)),
                        ("journey", models.TextField(null=True)),
                        (
                            "tags",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        ("is_silent", models.BooleanField(default=False)),
                        ("is_valid", models.BooleanField(default=True)),
                        ("properties", models.JSONField(default=dict)),
                        ("traits", models.JSONField(default=dict)),
                        ("context", models.JSONField(default=dict)),
                        ("problems", models.JSONField(null=True)),
                    ],
                ),
            ],
        )
    ]
