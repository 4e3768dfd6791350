"""The form of a computed trait."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.conditions.type_names import MAX_LENGTH, event_type
from apps.core.mistakes import DefinitionError
from apps.events.computed_traits.definitions import compile
from apps.events.models import ComputedTrait, EventType


class EventTypesField(forms.MultipleChoiceField):
    """Event types to choose from; any other can be typed in."""

    def valid_value(self, value: Any) -> bool:
        """Take types that nobody defined: their events are stored too."""
        return 0 < len(event_type(str(value))) <= MAX_LENGTH

    def clean(self, value: Any) -> list[str]:
        """Write types as the collector does."""
        return sorted({event_type(str(name)) for name in super().clean(value)})


class ComputedTraitForm(forms.ModelForm[ComputedTrait]):
    """What is computed, of which events, and over what time."""

    event_types = EventTypesField(
        label="Events",
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget(attrs={"data-tags": "true", "data-placeholder": "all events"}),
        help_text="Which events count; empty: all that people did. What the platform itself says has to be named.",
    )
    condition = forms.CharField(
        label="Only if",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "placeholder": 'event@properties.currency = "EUR"'}),
        help_text="A condition that an event must meet to count; it can look at the event alone.",
    )
    path = forms.CharField(
        label="Value",
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "properties.value"}),
        help_text="Where in an event the value is: properties.value, traits.data.ec.order.id or context.page.url. "
        "Events without such a value do not count. Empty if only events are counted.",
    )

    class Meta:
        model = ComputedTrait
        fields = ("name", "key", "description", "is_enabled", "function", "path", "event_types", "condition", "days")
        help_texts = {
            "key": "Its name in conditions: orders becomes profile@computed.orders. It cannot be changed later.",
            "days": "How many days back events count, today included; days begin at midnight UTC. Empty: all events.",
            "function": "RFM scores tell how recently, how often and for how much: 1 to 5, beside all other people.",
            "is_enabled": "Switched off, it disappears from profiles.",
        }
        labels = {"function": "Compute", "days": "Days back", "is_enabled": "On"}
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {*EventType.objects.values_list("type", flat=True), *self.instance.event_types}
        typed = self.data.getlist("event_types") if hasattr(self.data, "getlist") else []
        field: Any = self.fields["event_types"]
        field.choices = [(name, name) for name in sorted(known.union(typed))]

    def clean(self) -> dict[str, Any]:
        """Read the definition, and put a mistake beside its field."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                names = ("function", "event_types", "condition", "path", "days")
                compile(ComputedTrait(**{name: cleaned[name] for name in names}))
            except DefinitionError as error:
                self.add_error(error.field, error.message)
        return cleaned
