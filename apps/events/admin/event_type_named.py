"""The types of events that forms name: one that there is not is refused, with the one that was probably meant."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ModelForm

from apps.conditions.nearest import nearest
from apps.conditions.type_names import event_type
from apps.events.models import Event, EventType


def known_type(form: "ModelForm[Any]", name: str) -> str:
    """Return the type in a field, if it is defined, has come, or was there before; whoever means another defines it."""
    type_ = event_type(form.cleaned_data[name])
    if not type_ or name not in form.changed_data:
        return type_
    defined = set(EventType.objects.values_list("type", flat=True))
    if type_ in defined or Event.objects.filter(type=type_).exists():
        return type_
    found = nearest(type_, defined)
    message = f"There is no event type {type_}, and no event of it ever came."
    meant = f" Did you mean {found}?" if found else ""
    raise ValidationError(f"{message}{meant} If you mean {type_}, define it first, under Event types.")
