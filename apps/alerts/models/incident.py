"""What was found, from when to when, and each message that is to tell of it."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from apps.alerts.models.alert import Alert, Channel
from apps.core.claims import Claimable
from apps.core.ids import new_id
from apps.core.impersonal import impersonal


@impersonal("names of sources and queues, and figures")
class Incident(models.Model):
    """That something which an alert watches did not do well: it waits, it is open, or it is over."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="incidents", db_index=False)
    subject = models.CharField(max_length=100, blank=True, default="")  # a source's id, a queue's name
    message = models.TextField()  # as it was seen last
    seen_at = models.DateTimeField()  # since when it holds
    last_seen_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)  # null: it has not held for long enough
    clear_since = models.DateTimeField(null=True)  # it was not seen any more, which must hold, too
    recovered_at = models.DateTimeField(null=True)
    is_notified = models.BooleanField(default=False)  # once, when nobody had muted it
    n_reminders = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "subject"], condition=Q(recovered_at=None), name="incident_is_open_once"
            )
        ]
        indexes = [
            # The history on the page of an alert, the latest first.
            models.Index(fields=["alert", "id"], name="incident_by_alert"),
            # What is open now, on the home page.
            models.Index(
                fields=["opened_at"], condition=Q(opened_at__isnull=False, recovered_at=None), name="incident_open"
            ),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def lasted_secs(self) -> float:
        """How long it was there, as far as is known."""
        return ((self.clear_since or self.last_seen_at) - self.seen_at).total_seconds()


@impersonal("what was told, and when")
class Notification(Claimable):
    """One message of an incident to one channel; its id is the key by which receivers know a repetition.

    It is tried for about a day: 2 s, 10 s, 1 min, 5 min, 15 min, and then every hour.
    """

    LEASE = timedelta(minutes=1)
    MAX_ATTEMPTS = 30

    class What(models.TextChoices):
        OPENED = "opened", "Told"
        REMINDER = "reminder", "Reminded"
        RECOVERED = "recovered", "Told that it is over"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="notifications", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="notifications")
    what = models.CharField(max_length=10, choices=What)
    number = models.PositiveIntegerField(default=0)  # of a reminder
    message = models.TextField()  # the same at each try
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta(Claimable.Meta):
        indexes = [
            # Each channel has a sender of its own, so that a dead one holds nobody else.
            models.Index(fields=["channel", "due_at", "id"], condition=Q(due_at__isnull=False), name="notification_due")
        ]
        constraints = [
            *Claimable.Meta.constraints,
            models.UniqueConstraint(fields=["incident", "channel", "what", "number"], name="notification_is_made_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.message}"
