"""What events of a type mean."""

from django.core.exceptions import ValidationError
from django.db import models

from apps.core.fields import EventTypeField, Json
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered
from apps.events import platform_events


@impersonal("configuration")
class EventType(Remembered):
    """What events of a type mean: what they must be, which properties are traits, what they tell about the profile.

    `definition` comes with the platform and is renewed with it; all else is the operator's, and stays.
    """

    class Policy(models.TextChoices):
        """What becomes of an event that is not valid."""

        FLAG = "flag", "Accept and flag: it is stored, and changes no profile"
        QUARANTINE = "quarantine", "Quarantine: it waits until somebody fixes it"
        DROP = "drop", "Drop: it is refused, and the sender is told why"

    type = EventTypeField(primary_key=True)
    name = models.CharField(max_length=120)
    group = models.CharField(max_length=40, blank=True, default="")
    definition = Json(default=dict, help_text="Journey, tags, traits, profile mapping, constants, computations.")
    overrides = Json(default=dict, blank=True)  # the operator's own, of the same shape; see definitions.merge
    schema = Json(null=True, blank=True)  # JSON Schema of the properties
    condition = models.TextField(blank=True, default="")  # what must hold for its events, beside the schema
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.FLAG)
    reshape = Json(default=dict, blank=True)  # {properties: template, context: template}
    is_builtin = models.BooleanField("built in", default=False)
    is_enabled = models.BooleanField("enabled", default=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.type


@impersonal("configuration")
class EventTypeAlias(Remembered):
    """A name under which events come, and what becomes of them: events of another type, or nothing."""

    type = EventTypeField("name", primary_key=True, help_text="As events come with it.")
    becomes = EventTypeField(
        blank=True,
        default="",
        help_text="The type that they become. Empty: they are refused, and the sender is told.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "event type alias"
        verbose_name_plural = "event type aliases"

    def __str__(self) -> str:
        return f"{self.type} → {self.becomes}" if self.becomes else f"{self.type} is refused"

    def clean(self) -> None:
        """Refuse what would lead nowhere: an alias is followed once."""
        if self.becomes in platform_events.types():
            raise ValidationError({"becomes": "Only the platform itself tells of this."})
        others = EventTypeAlias.objects.exclude(pk=self.pk)
        if self.becomes == self.type or others.filter(pk=self.becomes).exists():
            raise ValidationError({"becomes": "This is an alias itself: name the type that it stands for."})
        if others.filter(becomes=self.type).exists():
            raise ValidationError({"type": "Another alias leads here."})
