"""What a back-fill keeps besides its task: its fields, who is still to do, and what was there before."""

from django.db import models

from apps.core.fields import Json
from apps.core.impersonal import impersonal


@impersonal("names of fields")
class BackfillHold(models.Model):
    """A field that a back-fill works on: no other may while its task has not ended (see backfill.holds)."""

    field = models.TextField(primary_key=True)
    task_id = models.UUIDField()

    def __str__(self) -> str:
        return self.field


class BackfillPerson(models.Model):
    """Somebody whom the events of a back-fill are about, and who is still to do, by the id that they came with."""

    id = models.BigAutoField(primary_key=True)
    task_id = models.UUIDField()
    profile_id = models.UUIDField()

    class Meta:
        constraints = [
            # The next page of a task, in the order in which the events of people lie in their index.
            models.UniqueConstraint(fields=["task_id", "profile_id"], name="backfill_person_once"),
        ]

    def __str__(self) -> str:
        return str(self.profile_id)


class BackfilledField(models.Model):
    """A field of a profile that a back-fill changed: what it held before and after, and who had said so.

    Values are lists of one, or of none where there was nothing; provenances are empty where nobody had said anything.
    """

    id = models.BigAutoField(primary_key=True)
    task_id = models.UUIDField()
    profile_id = models.UUIDField()  # the living profile's then, also after merges
    path = models.TextField()
    before = Json()
    after = Json()
    said_before = Json()
    said_after = Json()

    class Meta:
        constraints = [
            # A page of a run that is undone; and of a field that a run changed twice, what it held at first.
            models.UniqueConstraint(fields=["task_id", "profile_id", "path"], name="backfilled_field_once"),
        ]
        indexes = [models.Index(fields=["profile_id"], name="backfilled_by_profile")]  # what is kept of a person

    def __str__(self) -> str:
        return self.path


class BackfilledEvent(models.Model):
    """An event whose traits a back-fill changed: what they were, and a hash of what they became."""

    id = models.BigAutoField(primary_key=True)
    task_id = models.UUIDField()
    event_id = models.UUIDField()
    time = models.DateTimeField()
    # The raw id that the event came with, and the session of what is nobody's: so it is found when somebody is erased.
    profile_id = models.UUIDField(null=True)
    session_id = models.UUIDField(null=True)
    before = Json()
    after_hash = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task_id", "event_id"], name="backfilled_event_once"),  # pages of undoing
        ]
        indexes = [
            # What is kept of a person.
            models.Index(
                fields=["profile_id"],
                condition=models.Q(profile_id__isnull=False),
                name="backfilled_event_by_profile",
            ),
            models.Index(
                fields=["session_id"], condition=models.Q(profile_id__isnull=True), name="backfilled_event_by_session"
            ),
        ]

    def __str__(self) -> str:
        return str(self.event_id)
