"""What events of a type mean."""

from typing import Any

from django.db import models

from apps.core.fields import Json


class EventType(models.Model):
    """What events of a type mean: which properties are searchable traits, and what they tell about the profile."""

    type = models.CharField(max_length=128, primary_key=True)
    name = models.CharField(max_length=120)
    group = models.CharField(max_length=40, blank=True, default="")
    definition = Json(default=dict, help_text="Journey, tags, traits, profile mapping, constants, computations.")
    is_builtin = models.BooleanField("built in", default=False)
    is_enabled = models.BooleanField("enabled", default=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.type


def definition_of(event_type: EventType) -> dict[str, Any]:
    """Join the columns of an event type to the shape that `rules.compile` reads."""
    return {"id": event_type.type, "name": event_type.name, "group": event_type.group, **event_type.definition}
