"""Which stored events a changed mapping is applied to."""

from typing import Any

from django import forms

from apps.core.mistakes import DefinitionError
from apps.events.event_types import backfill
from apps.events.event_types.compiling import compile
from apps.events.event_types.effective import definition_of
from apps.events.models import EventType

DAY = forms.DateInput(attrs={"type": "date", "class": "cdp-input"})


class BackfillForm(forms.Form):
    """A period, and for profiles the fields; `params` are those of the task once the form is valid."""

    since = forms.DateTimeField(required=False, label="Events from", widget=DAY, help_text="Empty: the first.")
    until = forms.DateTimeField(required=False, label="Up to, exclusive", widget=DAY, help_text="Empty: now.")
    fields_copied = forms.MultipleChoiceField(
        label="Fields of the profile", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, kind: str, event_type: EventType, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.event_type = kind, event_type
        self.params: dict[str, Any] = {}
        self.counting: list[str] = []
        if kind == backfill.TRAITS:
            self.title = f"Index the traits of stored events: {event_type}"
            del self.fields["fields_copied"]
        else:
            self.title = f"Copy stored events to profiles: {event_type}"
            self._offer_fields()

    def _offer_fields(self) -> None:
        try:
            rules = compile(definition_of(self.event_type))
        except DefinitionError:
            return  # `clean` says so
        self.counting = backfill.counting_fields(rules)
        again = backfill.copied_fields(rules)
        field: Any = self.fields["fields_copied"]
        field.choices = [(path, path) for path in again]
        field.initial = again

    def clean(self) -> dict[str, Any]:
        """Plan the task, or say why it cannot be done."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                self.params = backfill.plan(
                    self.kind,
                    self.event_type.type,
                    since=cleaned["since"],
                    until=cleaned["until"],
                    fields=cleaned.get("fields_copied") or (),
                )
            except backfill.CannotBackfill as error:
                self.add_error(None, str(error))
        return cleaned
