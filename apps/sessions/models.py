"""A session: a client's stay on a device, holding one visit or several."""

from typing import Any

from django.conf import settings
from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id
from apps.profiles.models import Profile
from apps.sessions.short import fitting


class Session(models.Model):
    """What is known of one session id; a visit inside it ends when its person is away for too long."""

    class Status(models.TextChoices):
        STARTED = "started"
        ACTIVE = "active"
        ENDED = "ended"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The id as the client writes it, where that is no UUID.
    client_id = models.TextField(blank=True, default="")
    # Until a merge's sessions are moved, the id of a profile that was merged away, which no foreign key would allow.
    profile = models.ForeignKey(
        Profile, on_delete=models.DO_NOTHING, db_constraint=False, related_name="sessions", null=True
    )
    original_profile_id = models.UUIDField(null=True)  # the raw id, see profiles.models.identifiers
    # The device that opened it: by this a later session is known to be on the same one. No other may decide for it.
    device_key = models.UUIDField(null=True)
    source_id = models.UUIDField()
    channel = models.TextField(blank=True, default="")
    status = models.CharField(max_length=10, choices=Status, default=Status.STARTED)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    last_active_at = models.DateTimeField()  # when something of it last arrived, by our own clock
    visit_count = models.PositiveIntegerField(default=0)
    # [start, end] of the latest ones, in microseconds since 1970; see tracking.py.
    visits = Json(default=list)
    event_count = models.PositiveIntegerField(default=0)
    page_count = models.PositiveIntegerField(default=0)
    entry_page = models.TextField(blank=True, default="")
    exit_page = models.TextField(blank=True, default="")
    referrer = models.TextField(blank=True, default="")
    language = models.TextField(blank=True, default="")
    country = models.TextField(blank=True, default="")
    is_bot = models.BooleanField(default=False)
    device = Json(default=dict)
    os = Json(default=dict)
    app = Json(default=dict)
    utm = Json(default=dict)
    geo = Json(default=dict)
    context = Json(default=dict)
    properties = Json(default=dict)

    class Meta:
        indexes = [
            # The profile page lists a person's sessions, newest first.
            models.Index(fields=["profile", "-started_at"], name="session_by_profile"),
            # The home page counts the sessions of the last days.
            models.Index(fields=["started_at"], name="session_by_start"),
            # Heartbeats ask which people are none.
            models.Index(fields=["profile"], condition=models.Q(is_bot=True), name="session_of_bot"),
        ]

    def __str__(self) -> str:
        return self.client_id or str(self.id)

    @property
    def duration_secs(self) -> float:
        """How long it has lasted, from its first event to its latest."""
        return (self.last_seen_at - self.started_at).total_seconds()

    @property
    def reference(self) -> str:
        """The session's id in the client's own words."""
        return self.client_id or str(self.id)

    def merge_context(self, context: dict[str, Any], properties: dict[str, Any]) -> list[str]:
        """Take over what the client said of itself this time, and name what there was no room for.

        Newer keys replace older ones: each event of a session reads and writes all of it.
        """
        self.context, too_long = _joined("context", self.context, context)
        self.properties, too_many = _joined("properties", self.properties, properties)
        return too_long + too_many


def _joined(root: str, known: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    joined = {**known, **new}
    newest_first = sorted(joined, key=new.__contains__, reverse=True)
    kept = fitting({key: joined[key] for key in newest_first}, settings.MAX_SESSION_BYTES)
    return kept, [f"{root}.{key}" for key in new if key not in kept]
