"""What events of a type mean."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from apps.core.fields import EventTypeField, Json
from apps.events.event_types import definitions
from apps.events.event_types.system_events import REPORTS
from apps.events.event_types.validation import Policy


class EventType(models.Model):
    """What events of a type mean: what they must be, which properties are traits, what they tell about the profile.

    `definition` comes with the platform and is renewed with it; all else is the operator's, and stays.
    """

    class Policy(models.TextChoices):
        FLAG = Policy.FLAG.value, "Accept and flag: it is stored, and changes no profile"
        QUARANTINE = Policy.QUARANTINE.value, "Quarantine: it waits until somebody mends it"
        DROP = Policy.DROP.value, "Drop: it is refused, and the sender is told why"

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


class EventTypeAlias(models.Model):
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
        if self.becomes in REPORTS:
            raise ValidationError({"becomes": "Only the platform itself tells of this."})
        others = EventTypeAlias.objects.exclude(pk=self.pk)
        if self.becomes == self.type or others.filter(pk=self.becomes).exists():
            raise ValidationError({"becomes": "This is an alias itself: name the type that it stands for."})
        if others.filter(becomes=self.type).exists():
            raise ValidationError({"type": "Another alias leads here."})


def definition_of(event_type: EventType) -> dict[str, Any]:
    """Join all that is said of an event type to the shape that `rules.compile` reads."""
    return {
        **definitions.merge(event_type.definition, event_type.overrides),
        "id": event_type.type,
        "name": event_type.name,
        "group": event_type.group,
        "schema": event_type.schema,
        "condition": event_type.condition,
        "policy": event_type.policy,
        "reshape": event_type.reshape,
    }


def builtin_definition_of(event_type: EventType) -> dict[str, Any]:
    """Return what the platform itself says of an event type."""
    return {"id": event_type.type, **event_type.definition}
