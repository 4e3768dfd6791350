"""Model fields that two apps or more use."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import models

from apps.conditions.type_names import MAX_LENGTH, event_type
from apps.core import reading, storable


class Json(models.JSONField):
    """A jsonb column read by orjson: the pipeline loads six of them for each profile."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Parse what the driver hands over as text."""
        return orjson.loads(value) if isinstance(value, str) else value

    def get_db_prep_value(self, value: Any, *args: Any, **options: Any) -> Any:
        """Leave out what cannot be stored, as `storable.dumps` does where rows are not written by the ORM."""
        return super().get_db_prep_value(storable.cleaned(value), *args, **options)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        """Tell people what cannot be stored of what they wrote."""
        super().validate(value, model_instance)
        refusal = storable.refusal_in(value, str(self.verbose_name))
        if refusal:
            raise ValidationError(refusal.message)

    def formfield(self, **kwargs: Any) -> Any:
        """Read what people write as what programs send."""
        return super().formfield(**{"decoder": reading.Decoder, **kwargs})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Appear in migrations as Django's own JSONField: the column is the same."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


class EventTypeField(models.CharField[str, str]):
    """The type of an event: whichever way somebody writes it, it is stored, and looked for, as events have it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": MAX_LENGTH, **options})

    def to_python(self, value: Any) -> Any:
        """Write it as events have it."""
        found = super().to_python(value)
        return event_type(found) if isinstance(found, str) else found

    def get_prep_value(self, value: Any) -> Any:
        """Write it as events have it."""
        found = super().get_prep_value(value)
        return event_type(found) if isinstance(found, str) else found

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Appear in migrations as Django's own CharField: the column is the same."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs
