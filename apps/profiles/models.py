"""The living profile of a person, and all the ids under which a client may know it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.indexes import HashIndex
from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id


class ProfileQuerySet(models.QuerySet["Profile"]):
    """Queries over profiles."""

    def locked(self, ids: list[UUID]) -> "ProfileQuerySet":
        """Lock the rows in the order of their ids: two batches never wait for each other in a circle."""
        return self.filter(id__in=ids).order_by("id").select_for_update(no_key=True)


class Profile(models.Model):
    """One person as far as we know: what was said about him, by which event, and how often he was here."""

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
    visit_started_at = models.DateTimeField(null=True)
    previous_visit_at = models.DateTimeField(null=True)
    visit_count = models.PositiveIntegerField(default=0)
    event_count = models.PositiveBigIntegerField(default=0)
    data = Json(default=dict)
    traits = Json(default=dict)
    interests = Json(default=dict)
    consents = Json(default=dict)
    stats = Json(default=dict)
    aux = Json(default=dict)
    # Who set a field, and when: {path: [ISO time of the event, its id]}; late events never overwrite newer values.
    provenance = Json(default=dict)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        indexes = [
            # Search by customer number and e-mail address. Hashes: senders may write texts that no tree has room for.
            HashIndex(fields=["primary_id"], name="profile_by_primary_id"),
            HashIndex(fields=["email"], name="profile_by_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.primary_id or f"Visitor {str(self.id)[-6:]}"

    def start_visit(self, *, at: datetime) -> None:
        """Count a visit; the current one is the latest to begin, in whatever order they become known."""
        self.visit_count += 1
        if self.visit_started_at is None or at >= self.visit_started_at:
            self.previous_visit_at, self.visit_started_at = self.visit_started_at, at
        elif self.previous_visit_at is None or at > self.previous_visit_at:
            self.previous_visit_at = at

    def summarise(self) -> None:
        """Fill the columns that lists filter and search on from the document that is the truth."""
        contact = self.data.get("contact") or {}
        email = next((value for value in (contact.get("email") or {}).values() if value), None)
        self.email = email.strip().lower() if isinstance(email, str) else None
        pii = self.data.get("pii") or {}
        full_name = " ".join(filter(None, (pii.get("firstname"), pii.get("lastname"))))
        self.name = pii.get("display_name") or full_name
        self.is_anonymous = not (self.primary_id or self.email or self.data.get("anonymous") is False)

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
        }


class Alias(models.Model):
    """An id that a client knows a profile by, other than its own; it resolves for ever."""

    id = models.UUIDField(primary_key=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="aliases")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "aliases"

    def __str__(self) -> str:
        return str(self.id)


class Identifier(models.Model):
    """A name that another system has for a person: kind and value, kept as a keyed hash."""

    class Kind(models.TextChoices):
        USER = "user", "user id"
        ANONYMOUS = "anonymous", "anonymous id"

    id = models.UUIDField(primary_key=True, editable=False)  # the hash, see identity.identifier_id
    kind = models.CharField(max_length=20, choices=Kind)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="identifiers")
    # The session that events of this device go on with when they bring no session id themselves.
    session_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
