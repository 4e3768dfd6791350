"""What people may agree to, in which words, and what each of them decided."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction

from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered


@impersonal("configuration")
class ConsentType(Remembered):
    """Something that people may agree to; its id is what events and conditions call it."""

    class Default(models.TextChoices):
        DENY = "deny", "Not agreed"
        GRANT = "grant", "Agreed"

    id = models.CharField(
        primary_key=True,
        max_length=60,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9_-]*$", "Lower-case letters, digits, - and _ only.")],
        help_text="As events name it, such as marketing-email. It cannot be changed later.",
    )
    name = models.CharField(max_length=120, unique=True)
    text = models.TextField(help_text="What people agree to. Each wording is kept, and each decision names its own.")
    text_version = models.PositiveIntegerField(default=0, editable=False)
    default = models.CharField(
        max_length=10,
        choices=Default,
        default=Default.DENY,
        help_text="What the form shows at first. A ticked box is no consent: only a decision counts.",
    )
    is_required = models.BooleanField(default=False, help_text="The form cannot be sent without it.")
    is_revokable = models.BooleanField(default=True, help_text="People may withdraw it.")
    valid_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Days after which it expires by itself. Empty: it does not."
    )
    is_enabled = models.BooleanField(
        default=True, help_text="Offered to people. What was decided before stays, and still counts."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep each wording under a version of its own: without its words no decision proves anything."""
        with transaction.atomic():
            known = self.texts.filter(version=self.text_version).first()
            if known is None or known.text != self.text:
                self.text_version += 1
                super().save(*args, **kwargs)
                self.texts.create(version=self.text_version, text=self.text)
            else:
                super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse an expiry at once."""
        if self.valid_days == 0:
            raise ValidationError({"valid_days": "At least one day; leave it empty for a consent without an end."})


@impersonal("configuration")
class ConsentText(models.Model):
    """One wording of a consent type; rows are only ever added."""

    consent_type = models.ForeignKey(ConsentType, on_delete=models.CASCADE, related_name="texts")
    version = models.PositiveIntegerField()
    text = models.TextField()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consent_type", "version"], name="consent_text_once")]

    def __str__(self) -> str:
        return f"{self.consent_type_id} {self.version}"


class ConsentDecision(models.Model):
    """What somebody decided, when, where, and in view of which words: the ledger, in which rows are only ever added.

    `Profile.consents` says what holds; the ledger proves how it came about. It keeps the profile id that the decision
    was made under, also after merges: the ids of a person lead to all of their decisions.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    profile_id = models.UUIDField()
    consent_type = models.ForeignKey(ConsentType, on_delete=models.PROTECT, db_constraint=False)
    is_granted = models.BooleanField()
    decided_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    text_version = models.PositiveIntegerField()
    source_id = models.UUIDField()
    session_id = models.UUIDField(null=True)
    device_key = models.UUIDField(null=True)  # where it may be decided again: see standing.py
    event_id = models.UUIDField()
    ip = models.CharField(max_length=45, blank=True, default="")
    user_agent = models.TextField(blank=True, default="")
    # Of what somebody recorded for the person: who did (user:<id> or key:<prefix>), and by what it is proved.
    actor = models.CharField(max_length=64, blank=True, default="")
    actor_name = models.CharField("recorded by", max_length=150, blank=True, default="")
    reference = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["profile_id", "id"], name="decision_by_profile"),  # a person's decisions
            models.Index(fields=["event_id"], name="decision_by_event"),  # where what holds was decided
        ]

    def __str__(self) -> str:
        return f"{self.consent_type_id} {'granted' if self.is_granted else 'withdrawn'}"
