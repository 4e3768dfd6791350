"""What is watched, and who is told."""

from datetime import datetime

from django.core.validators import MaxValueValidator
from django.db import models

from apps.core.fields import EncryptedText, Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal

DAY_MINUTES = 1_440


@impersonal("configuration; addresses are those of staff, and the audit log does not have them")
class Channel(models.Model):
    """A way to tell somebody: a mailbox, a webhook, a room of Slack."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)  # a key of `delivery.channel_kinds`
    is_enabled = models.BooleanField("on", default=True, help_text="Off: nothing is sent, not even later.")
    # A free text, so that the audit log says that it was changed, and not whom it names.
    recipients = models.TextField(blank=True, default="", help_text="E-mail addresses, one a line.")
    # Both are written by forms and read by who sends: no page shows them, and the audit log has no column that is not
    # editable. An address of Slack's is a secret in itself.
    address = EncryptedText(blank=True, default="", editable=False)
    secret = EncryptedText(blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "notification channel"

    def __str__(self) -> str:
        return self.name


@impersonal("configuration")
class Alert(models.Model):
    """Something that is watched: of which kind, how long it must hold, and who is told."""

    class Severity(models.TextChoices):
        INFO = "info", "Information"
        WARNING = "warning", "Warning"
        CRITICAL = "critical", "Critical"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True, default="", help_text="What to do when it is told; it is sent along.")
    kind = models.CharField(max_length=40)  # a key of `symptoms.kinds`
    params = Json(default=dict)  # by the names of the kind's parameters; a form has a field for each
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.WARNING)
    is_enabled = models.BooleanField("on", default=True)
    for_minutes = models.PositiveSmallIntegerField(
        "must hold for",
        default=0,
        validators=[MaxValueValidator(DAY_MINUTES)],
        help_text="Minutes, before anybody is told. 0: at once.",
    )
    recovery_minutes = models.PositiveSmallIntegerField(
        "is over after",
        default=5,
        validators=[MaxValueValidator(DAY_MINUTES)],
        help_text="Minutes without it: what comes and goes is told of once.",
    )
    remind_hours = models.PositiveSmallIntegerField(
        "remind every",
        null=True,
        blank=True,
        validators=[MaxValueValidator(720)],
        help_text="Hours, while it lasts. Empty: it is told once.",
    )
    channels = models.ManyToManyField(
        Channel, blank=True, related_name="alerts", help_text="Who is told. None chosen: all channels that are on."
    )
    muted_until = models.DateTimeField(
        null=True, blank=True, help_text="Nobody is told before. What still holds then is told then."
    )
    looked_at = models.DateTimeField(null=True, editable=False)  # when it was evaluated last
    problem = models.TextField(blank=True, default="", editable=False)  # why it could not be
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def is_muted(self, now: datetime) -> bool:
        """Tell whether nobody is to be told now."""
        return self.muted_until is not None and now < self.muted_until
