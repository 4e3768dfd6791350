"""Which stored events a changed mapping is applied to, and what becomes of what people's fields hold."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from apps.events import internal
from apps.events.backfill.selection import (
    PROFILES,
    CannotBackfill,
    Mode,
    Selection,
    copied_fields,
    counting_fields,
    plan,
    rules_of,
)
from apps.events.models import Source

DAY = forms.DateInput(attrs={"type": "date", "class": "cdp-input"})
SELECT = forms.Select(attrs={"class": "cdp-input"})


class BackfillForm(forms.Form):
    """A period, a source, a rate, and for profiles fields and a mode; `asked` is what they mean, once it is valid."""

    since = forms.DateTimeField(required=False, label="Events from", widget=DAY, help_text="Empty: the first.")
    until = forms.DateTimeField(required=False, label="Up to, exclusive", widget=DAY, help_text="Empty: now.")
    source = forms.ChoiceField(required=False, label="Source", widget=SELECT)
    fields_copied = forms.MultipleChoiceField(
        label="Fields of the profile",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one field."},
    )
    mode = forms.ChoiceField(
        required=False,
        label="Where a field holds something already",
        choices=Mode,
        initial=Mode.NEWEST,
        widget=forms.RadioSelect,
        help_text="Whatever you choose: what somebody entered by hand, or a program with a key has set, stays.",
    )
    rate = forms.IntegerField(
        required=False,
        label="Events a second, at most",
        min_value=1,
        widget=forms.NumberInput(attrs={"class": "cdp-input"}),
        help_text="Empty: as fast as it goes. It gives way to live traffic by itself.",
    )

    def __init__(self, *args: Any, base: Selection, **kwargs: Any) -> None:
        """Offer what there is to choose for what is asked so far."""
        super().__init__(*args, **kwargs)
        self.base = self.selection = base
        self.counting: list[str] = []
        for name in ("since", "until"):
            self.fields[name].initial = getattr(base, name)
        source: Any = self.fields["source"]
        names = sorted(Source.objects.exclude(pk=internal.SOURCE_ID).values_list("name", "id"))
        source.choices = [("", "All sources"), *((str(id), name) for name, id in names)]
        source.initial = str(base.source or "")
        if base.kind == PROFILES:
            self._offer_fields()
        else:
            del self.fields["fields_copied"], self.fields["mode"]

    @property
    def title(self) -> str:
        """What is done, and of which type."""
        if self.base.kind == PROFILES:
            return f"Copy stored events to profiles: {self.base.type}"
        return f"Index the traits of stored events: {self.base.type}"

    def _offer_fields(self) -> None:
        try:
            rules = rules_of(self.base.type)
        except CannotBackfill:
            return  # `clean` says so
        self.counting = counting_fields(rules)
        again = copied_fields(rules)
        field: Any = self.fields["fields_copied"]
        field.choices = [(path, path) for path in again]
        field.initial = again
        field.required = bool(again)

    def clean(self) -> dict[str, Any]:
        """Plan what is asked, or say why it cannot be done."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        selection = replace(
            self.base,
            since=cleaned["since"],
            until=cleaned["until"],
            source=UUID(cleaned["source"]) if cleaned["source"] else None,
            fields=tuple(cleaned.get("fields_copied") or ()),
            mode=cleaned.get("mode") or Mode.NEWEST.value,
        )
        try:
            self.selection = plan(selection, at=timezone.now())
        except CannotBackfill as error:
            field = {"fields": "fields_copied"}.get(error.field, error.field)
            self.add_error(field if field in self.fields else None, str(error))
        return cleaned
