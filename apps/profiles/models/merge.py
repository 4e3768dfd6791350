"""What became one person, by which rules, and what did not."""

from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered
from apps.profiles.models.identifiers import Identifier


class Reason(models.TextChoices):
    """What said that two profiles are one person."""

    USER = "user", "A user id"
    SESSION = "session", "One session"
    DEVICE = "device", "One device"
    REFERENCE = "reference", "The profile id that the client keeps"
    PROOF = "proof", "An identification point"
    MANUAL = "manual", "A person"
    AGAIN = "again", "Merged again, after an older merge was undone"


class Merge(models.Model):
    """One merge, with all that is needed to undo it: the ledger's rows are never deleted while their person lives.

    `kept_via` and `merged_via` are the raw ids that were found to be one person: the edge of a graph, whose connected
    parts are the living profiles. The images are the two rows as they were.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField()  # later than all that was stored of both before, and not later than what came after
    kept_id = models.UUIDField()
    merged_id = models.UUIDField()
    kept_via = models.UUIDField()
    merged_via = models.UUIDField()
    kept_before = Json()
    merged_before = Json()
    reason = models.CharField(max_length=10, choices=Reason)
    identifier_id = models.UUIDField(null=True)  # what led from one to the other, where it was an identifier
    identifier_kind = models.CharField(max_length=20, choices=Identifier.Kind, blank=True, default="")
    event_id = models.UUIDField(null=True)
    # {consent: the raw id whose decision stands}, where both had decided and only a claim says that they are one.
    standing = Json(default=dict)
    actor = models.CharField(max_length=60, blank=True, default="")  # user:<id> of a merge by hand
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=60, blank=True, default="")  # user:<id>; none where it was merged again
    # Since when events and sessions lie under the profile that is right now; see events.moving.
    moved_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["kept_id"], name="merge_by_kept"),  # the merges of a profile
            models.Index(fields=["merged_id"], name="merge_by_merged"),
            models.Index(fields=["at"], condition=models.Q(moved_at=None), name="merge_unmoved"),  # the sweeper
            # What a person has separated is not merged again by events.
            models.Index(fields=["undone_at"], condition=~models.Q(undone_by=""), name="merge_separated"),
        ]

    def __str__(self) -> str:
        return f"Merge of {self.at:%Y-%m-%d %H:%M}"


class IdentityConflict(models.Model):
    """Two profiles that something says are one person, and that were not merged; noted once for each pair."""

    class Refusal(models.TextChoices):
        TWO_CUSTOMERS = "two_customers", "Both have a customer number of their own"
        TOO_MANY_IDS = "too_many_ids", "Together they would have too many identifiers"
        SHARED = "shared", "The identifier has caused too many merges"
        SEPARATED = "separated", "A person has separated them"
        CONSENTS = "consents", "Both have decided about a consent, and nothing but a claim says that they are one"

    id = models.UUIDField(primary_key=True, editable=False)  # the hash of pair and refusal
    at = models.DateTimeField()
    refusal = models.CharField(max_length=20, choices=Refusal)
    profile_id = models.UUIDField()
    other_id = models.UUIDField()
    evidence = models.CharField(max_length=10, choices=Reason)
    identifier_id = models.UUIDField(null=True)
    identifier_kind = models.CharField(max_length=20, choices=Identifier.Kind, blank=True, default="")
    event_id = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at", "id"], name="conflict_by_time"),  # the admin's list
            models.Index(fields=["identifier_id"], name="conflict_by_identifier"),  # how many customers have it
        ]

    def __str__(self) -> str:
        return f"Conflict of {self.at:%Y-%m-%d %H:%M}"


@impersonal("configuration")
class MergeRule(Remembered):
    """How a field of two profiles becomes one, where the default is not what one wants."""

    path = models.CharField(
        max_length=200,
        unique=True,
        help_text="A field (data.job.position), all below one (traits.*), or * for the rest.",
    )
    strategy = models.CharField(max_length=20)
    sources = models.JSONField(
        blank=True, default=list, help_text="Most trusted source: ids of sources, the most trusted one first."
    )
    is_enabled = models.BooleanField("enabled", default=True)

    def __str__(self) -> str:
        return f"{self.path}: {self.strategy}"
