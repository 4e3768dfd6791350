"""Where a bridge is sent to: what its kind can find."""

import re
from collections.abc import Sequence
from typing import Any, Final

from django import forms

from apps.inbound.bridge_kind import BridgeKind, Seek, To

# Each with what it means.
CHOICES: Final = {
    To.BEGINNING: ("The beginning", "All that is still there."),
    To.END: ("The end", "Only what comes from now on: whatever waits is skipped."),
    To.TIME: ("A time", "What was sent from then on, by the clock of the other side."),
    To.POSITION: ("A position", "As the other side counts"),
}


class SeekForm(forms.Form):
    """Where to read on from."""

    to = forms.ChoiceField(choices=())
    at = forms.DateTimeField(required=False)
    place = forms.CharField(required=False, max_length=500)
    position = forms.CharField(required=False, max_length=500)

    def __init__(self, kind: BridgeKind, seeks: Sequence[To], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind = kind
        self.offered = [(to.value, *self._told(to)) for to in To if to in seeks]
        self.fields["to"] = forms.ChoiceField(
            choices=[(value, title) for value, title, _ in self.offered],
            error_messages={"required": "Say where to read on from."},
        )

    def clean(self) -> dict[str, Any]:
        """Ask for the time, or the position."""
        cleaned = super().clean() or {}
        if cleaned.get("to") == To.TIME and "at" not in self.errors and not cleaned.get("at"):
            self.add_error("at", "Say from what time on.")
        if cleaned.get("to") == To.POSITION:
            self._check_position(cleaned.get("position", ""))
        return cleaned

    def _check_position(self, said: str) -> None:
        if not said:
            self.add_error("position", "Say from which position on.")
        elif not re.fullmatch(self.kind.position_pattern, said):
            self.add_error("position", f"{said} is no position here. One is {self.kind.position_hint}.")

    def _told(self, to: To) -> tuple[str, str]:
        title, told = CHOICES[to]
        if to is not To.POSITION:
            return title, told
        return title, f"{told}: {self.kind.position_hint}." if self.kind.position_hint else f"{told}."

    @property
    def seek(self) -> Seek:
        """Return what was asked for."""
        said, to = self.cleaned_data, To(self.cleaned_data["to"])
        if to is To.TIME:
            return Seek(to, at=said["at"])
        return Seek(to, place=said["place"], position=said["position"]) if to is To.POSITION else Seek(to)
