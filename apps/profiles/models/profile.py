"""The living profile of a person."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib.postgres.indexes import HashIndex
from django.db import models

from apps.conditions.spelling import fold
from apps.core.fields import Json
from apps.core.ids import new_id

_TICK: Final = timedelta(microseconds=1)
NO_EVENTS = 2**63 - 1  # the version of a profile that has none: its states are complete, whatever is defined


class ProfileQuerySet(models.QuerySet["Profile"]):
    """Queries over profiles."""

    def locked(self, ids: list[UUID]) -> "ProfileQuerySet":
        """Lock the rows in the order of their ids: two batches never wait for each other in a circle."""
        return self.filter(id__in=ids).order_by("id").select_for_update(no_key=True)


class Profile(models.Model):
    """One person as far as we know: what was said about them, by which event, and how often they were here."""

    # PostgreSQL computes columns from some of these (see migration 0002). When an update sets none of those it reads
    # anew, for each row, how they are computed: that takes four times as long as the rest of the update.
    ALWAYS_SET: ClassVar = ("last_seen_at",)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The customer number of the sender's own system: at most one, and never replaced by another person's.
    primary_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - unknown is not the empty text
    email = models.TextField(null=True, blank=True)  # noqa: DJ001
    name = models.TextField(blank=True, default="")
    country = models.TextField(blank=True, default="")
    is_anonymous = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    # When something of them last arrived, by our own clock: no client can be wrong about it. Until then, their making.
    last_active_at = models.DateTimeField()
    visit_started_at = models.DateTimeField(null=True)
    previous_visit_at = models.DateTimeField(null=True)
    visit_count = models.PositiveIntegerField(default=0)
    event_count = models.PositiveBigIntegerField(default=0)
    identifier_count = models.PositiveIntegerField(default=0)  # see identity.py: a person has only so many
    data = Json(default=dict)
    traits = Json(default=dict)
    interests = Json(default=dict)
    consents = Json(default=dict)
    stats = Json(default=dict)
    aux = Json(default=dict)
    # Who set a field, and when, see provenance.py; late events never overwrite newer values.
    provenance = Json(default=dict)
    # What computed traits remember of the events, and what they say: {key: state} (see aggregates.py) and {key: value}.
    computed_states = Json(default=dict)
    computed = Json(default=dict)
    # The version of their definitions up to which the states are complete; newer ones wait for the background task.
    computed_version = models.PositiveBigIntegerField(default=NO_EVENTS)
    # On this day (UTC) events leave the window of a trait: from then on its value is another one.
    computed_until = models.DateField(null=True)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        indexes = [
            # Search by customer number and e-mail address. Hashes: senders may write texts that no tree has room for.
            HashIndex(fields=["primary_id"], name="profile_by_primary_id"),
            HashIndex(fields=["email"], name="profile_by_email"),
            # The background task of computed traits: whose states are incomplete, and whose values are of yesterday.
            models.Index(fields=["computed_version"], name="profile_by_computed_version"),
            models.Index(
                fields=["computed_until"],
                condition=models.Q(computed_until__isnull=False),
                name="profile_by_computed_until",
            ),
        ]
        permissions = [
            ("merge_profile", "Can merge profiles, and undo merges"),
            ("view_pii", "Can see personal data"),
            ("export_profile", "Can export all data of a person"),
            ("erase_profile", "Can erase people, and make them anonymous"),
        ]

    def __str__(self) -> str:
        unnamed = f"Visitor {str(self.id)[-6:]}" if self.is_anonymous else f"Customer …{str(self.id)[-6:]}"
        return self.name or self.email or self.primary_id or unnamed

    def later(self, now: datetime) -> datetime:
        """Return now, or a time after all that was stored of the profile, whatever the clocks of hosts say.

        Whoever stores something of a profile holds its row, so these times tell in which order it was stored.
        """
        return now if now > self.updated_at else self.updated_at + _TICK

    def start_visit(self, *, at: datetime) -> None:
        """Count a visit; the current one is the latest to begin, in whatever order they become known."""
        self.visit_count += 1
        if self.visit_started_at is None or at >= self.visit_started_at:
            self.previous_visit_at, self.visit_started_at = self.visit_started_at, at
        elif self.previous_visit_at is None or at > self.previous_visit_at:
            self.previous_visit_at = at

    def be_active(self, *, at: datetime) -> None:
        """Note that something of them arrived; until its first event a profile is as old as its row."""
        is_new = not self.event_count and self.last_active_at == self.created_at
        self.last_active_at = at if is_new else max(self.last_active_at, at)

    def forget_future(self, *, now: datetime) -> None:
        """Let nobody have been seen after now: it was noted while our own clock was ahead, and would stay so."""
        self.last_seen_at = min(self.last_seen_at, now)
        self.last_active_at = min(self.last_active_at, now)
        self.first_seen_at = min(self.first_seen_at, now)
        if self.visit_started_at and self.visit_started_at > now:
            self.visit_started_at, self.previous_visit_at = self.previous_visit_at, None
        if self.visit_started_at and self.visit_started_at > now:
            self.visit_started_at = None

    @property
    def document(self) -> dict[str, Any]:
        """The profile as mappings and conditions see it: a tree that shares its branches with this row."""
        return {
            "primary_id": self.primary_id,
            "data": self.data,
            "traits": self.traits,
            "interests": self.interests,
            "consents": self.consents,
            "stats": self.stats,
            "computed": self.computed,
        }

    def summarise(self) -> None:
        """Fill the columns that lists filter and search on from the document that is the truth."""
        summary = summary_of(self.data, self.primary_id)
        self.email, self.name, self.is_anonymous = summary["email"], summary["name"], summary["is_anonymous"]


def summary_of(data: dict[str, Any], primary_id: str | None) -> dict[str, Any]:
    """Return the columns that are read from a profile's facts: email, name, is_anonymous."""
    contact, pii = data.get("contact") or {}, data.get("pii") or {}
    address = next((value for value in (contact.get("email") or {}).values() if value), None)
    email = fold(address).lower() if isinstance(address, str) else None
    full_name = " ".join(filter(None, (pii.get("firstname"), pii.get("lastname"))))
    return {
        "email": email,
        "name": pii.get("display_name") or full_name,
        "is_anonymous": not (primary_id or email or data.get("anonymous") is False),
    }
