"""What becomes of personal data for which consent is missing."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from apps.core import paths
from apps.core.fields import EventTypeField
from apps.core.impersonal import impersonal
from apps.core.paths import Path, PathError
from apps.core.snapshot import Remembered

PARTS: Final = ("properties", "context")
_PREFIX: Final = "event@"


class ComplianceError(ValueError):
    """A text names no field of an event."""


def parse(field: str) -> tuple[str, Path]:
    """Read event@properties.email into ("properties", ("email",)). Raises ComplianceError."""
    if not field.startswith(_PREFIX):
        raise ComplianceError(f"Expected a path that begins with {_PREFIX}")
    try:
        part, *path = paths.parse(field.removeprefix(_PREFIX))
    except PathError as error:
        raise ComplianceError(str(error)) from None
    if part not in PARTS or not path:
        places = " or ".join(f"{_PREFIX}{name}." for name in PARTS)
        raise ComplianceError(f"Expected a path that begins with {places}")
    return part, tuple(path)


def validate_field(field: str) -> None:
    """Refuse what names no field of an event."""
    try:
        parse(field)
    except ComplianceError as error:
        raise ValidationError(str(error)) from None


@impersonal("configuration")
class ComplianceRule(Remembered):
    """A field of events that is kept only with the consents of the person whom they are about."""

    class Action(models.TextChoices):
        DROP = "drop", "Remove the field"
        HASH = "hash", "Replace it by a keyed hash"

    name = models.CharField(max_length=120, unique=True)
    event_type = EventTypeField(
        blank=True, default="", help_text="The events that it is about. Empty: events of all types."
    )
    field = models.CharField(
        max_length=255,
        validators=[validate_field],
        help_text="Where the field is: event@properties.email or event@context.page.url",
    )
    consents = ArrayField(models.CharField(max_length=60), help_text="The field is kept if all of them hold.")
    action = models.CharField(max_length=10, choices=Action, default=Action.DROP)
    is_enabled = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name
