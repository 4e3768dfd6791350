"""What people asked of us about their data, and the ids that must not come back."""

from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.models import Task


@impersonal("certificates: counts, and a keyed hash of the profile's id")
class PrivacyRequest(models.Model):
    """Somebody asked for a copy of their data, for its erasure, or to be made anonymous: what was done, and when.

    Once it is finished the row is the certificate: it counts what was there, and names nobody. `subject` is the keyed
    hash of the profile's id, by which whoever still knows the id can find the request.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", "Copy of all data"
        ERASE = "erase", "Erasure"
        ANONYMISE = "anonymise", "Anonymisation"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.UUIDField("hash of the profile's id", db_index=True)
    reference = models.CharField(max_length=200)  # the operator's own: a ticket, a letter
    requested_by = models.CharField(max_length=150)  # a name, so that it outlives the account
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    counts = Json(default=dict)  # {holding: rows}
    n_ids = models.PositiveIntegerField("ids that cannot come back", default=0)
    person = Json(default=dict)  # by which the rest is found while it is under way; emptied when it is finished
    task = models.ForeignKey(Task, on_delete=models.SET_NULL, null=True)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"

    @property
    def summary(self) -> str:
        """Say how many rows of what it was about."""
        return ", ".join(f"{count:,} {name}" for name, count in sorted(self.counts.items()) if count) or "nothing"


@impersonal("tombstones: keyed hashes that have to stay")
class ErasedId(models.Model):
    """The tombstone of an id: a keyed hash, which never leads to its old profile again.

    What names a person (a customer number, an e-mail address) is refused when it comes again, until somebody lifts the
    tombstone. What names a device begins anew: it stands for its `successor`, about which nothing is known.
    """

    id = models.UUIDField(primary_key=True, editable=False)  # the hash, see erasure.burial_id
    kind = models.CharField(max_length=20)  # that of an identifier, profile or session
    successor = models.UUIDField(null=True)
    erased_at = models.DateTimeField()
    request = models.ForeignKey(PrivacyRequest, on_delete=models.PROTECT, related_name="tombstones")

    class Meta:
        verbose_name = "tombstone"
        indexes = [models.Index(fields=["erased_at", "id"], name="erased_by_time")]  # the admin's list, latest first

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
