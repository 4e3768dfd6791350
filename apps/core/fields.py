"""Model fields that two apps or more use."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from apps.conditions.type_names import MAX_LENGTH, event_type
from apps.core import encryption, reading, storable
from apps.core.encryption import Unreadable


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
        refusal = storable.refusal_in(value, str(self.verbose_name))
        if refusal:  # first: what is nested too deep Django could not even look through
            raise ValidationError(refusal.message)
        super().validate(value, model_instance)

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


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is stored of an encrypted text, which nobody has opened."""

    token: str = field(repr=False)


class _Opened(DeferredAttribute):
    """Opens a text when somebody reads it: whoever only lists rows needs no key, and one bad row harms no other."""

    field: Any

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        found = super().__get__(instance, cls)
        if isinstance(found, Sealed):
            found = instance.__dict__[self.field.attname] = self._opened(found, instance)
        return found

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value

    def _opened(self, found: Sealed, instance: models.Model) -> str:
        try:
            return encryption.decrypt(found.token)
        except Unreadable as error:
            place = f"{instance._meta.db_table}.{self.field.column} of the row {instance.pk}"
            raise Unreadable(f"{place} cannot be read: {error}") from None


class EncryptedText(models.TextField[Any, Any]):
    """A text that is encrypted in the database, and a str in Python; an empty one stays empty.

    To read it raises Unreadable, which names table and row, where no key opens it. No query can compare it.
    """

    descriptor_class = _Opened

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Leave it closed until somebody reads it."""
        return Sealed(value) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - as Django calls it
        """Store what nobody has opened as it is, so that a row is saved without its key, too."""
        closed = model_instance.__dict__.get(self.attname)
        return closed if isinstance(closed, Sealed) else super().pre_save(model_instance, add)

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt it."""
        if isinstance(value, Sealed):
            return value.token
        text = super().get_prep_value(value)
        return encryption.encrypt(text) if text else text

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse what could never find anything: a text is encrypted anew each time."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Appear in migrations as Django's own TextField: the column is the same."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
