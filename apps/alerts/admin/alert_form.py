"""The form of an alert: what all have, and a field for each parameter of its kind."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from apps.alerts.models import Alert
from apps.alerts.symptoms import Param, Shape, kinds
from apps.core import beats
from apps.events.models import Source

PROCESSES = [(beats.Name.INGEST.value, "Ingest"), (beats.Name.CRON.value, "What runs by the clock")]


class AlertForm(forms.ModelForm[Alert]):
    """What is watched; `kind` is the name of its kind."""

    kind = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.update(kinds[self.kind].values(self.instance.params))

    def clean(self) -> dict[str, Any]:
        """Gather the parameters."""
        cleaned = super().clean() or {}
        self.instance.kind = self.kind
        given = {param.name: cleaned[param.name] for param in kinds[self.kind].params if param.name in cleaned}
        self.instance.params = {
            name: str(value.pk) if isinstance(value, Source) else value for name, value in given.items()
        }
        return cleaned


def form_of(name: str) -> type[AlertForm]:
    """Make the form of a kind."""
    kind = kinds[name]
    return type("AlertForm", (AlertForm,), {"kind": name, **{param.name: _field(param) for param in kind.params}})


def _field(param: Param) -> forms.Field:
    said: dict[str, Any] = {"label": param.label, "help_text": param.hint}
    match param.shape:
        case Shape.SWITCH:
            return forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget, **said)
        case Shape.SOURCE:
            sources = Source.objects.order_by("name")
            widget = UnfoldAdminSelectWidget()
            return forms.ModelChoiceField(sources, required=False, empty_label="All sources", widget=widget, **said)
        case Shape.PROCESS:
            return forms.ChoiceField(choices=PROCESSES, widget=UnfoldAdminSelectWidget, **said)
        case Shape.NUMBER:
            widget = UnfoldAdminIntegerFieldWidget()
            return forms.IntegerField(min_value=param.least, max_value=param.most, widget=widget, **said)
