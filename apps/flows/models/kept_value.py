"""What nodes keep for runs that come later: values that all flows share, and records of a person."""

from django.db import models

from apps.core.fields import Json


class SharedValue(models.Model):
    """A value under a key, for a while. It is of the person whose run has set it, and goes with them."""

    id = models.UUIDField(primary_key=True)  # made of the key
    key = models.CharField(max_length=200)
    value = Json(null=True)
    profile_id = models.UUIDField(null=True)  # the raw id; null: the run was about nobody
    set_at = models.DateTimeField()
    forget_at = models.DateTimeField(db_index=True)  # from then on it is as if it were not there

    class Meta:
        indexes = [models.Index(fields=["profile_id"], name="shared_value_profile")]

    def __str__(self) -> str:
        return self.key


class PersonRecord(models.Model):
    """Something of a person of which they may have several, by its kind and name: a subscription, a pet, a car.

    It stays with the raw id of whom it came with. Of those of one kind and name that a person has after a merge the
    latest is theirs.
    """

    id = models.UUIDField(primary_key=True, editable=False)  # made of the three that follow
    profile_id = models.UUIDField()  # the raw id
    kind = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    data = Json()
    set_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["profile_id", "kind"], name="person_record_profile")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
