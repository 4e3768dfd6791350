"""A form field for a secret that is stored, and need not be: it stays, gives way to another one, or is taken away."""

from typing import Any, Final

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminPasswordToggleWidget, UnfoldAdminTextareaWidget

TAKEN_AWAY: Final = object()
_TICK: Final = "-taken-away"


class SecretLinesWidget(UnfoldAdminTextareaWidget):
    """A secret of several lines, as keys are: what was typed is not shown again."""

    def format_value(self, value: Any) -> str:
        """Show nothing."""
        return ""


class _Kept(forms.Widget):
    """A box to tick where there is to be no secret any more, below the field of another one."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Render the box below the password."""
        password = super().render(name, None, attrs, renderer)
        box = {"password": password, "name": name + _TICK, "is_ticked": value is TAKEN_AWAY}
        return render_to_string("core/kept_secret.html", box)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Read the box first: a browser may have filled in a password by itself."""
        return TAKEN_AWAY if data.get(name + _TICK) else super().value_from_datadict(data, files, name)


class KeptSecretWidget(_Kept, UnfoldAdminPasswordToggleWidget):
    """A password, or none any more."""


class KeptSecretLinesWidget(_Kept, SecretLinesWidget):
    """Another secret of several lines, or none any more."""


class KeptSecretField(forms.CharField):
    """What was typed, TAKEN_AWAY, or nothing, where the secret stays as it is."""

    widget = KeptSecretWidget

    def to_python(self, value: Any) -> Any:
        """Let the box through."""
        return value if value is TAKEN_AWAY else super().to_python(value)

    def run_validators(self, value: Any) -> None:
        """Look at what was typed alone."""
        if value is not TAKEN_AWAY:
            super().run_validators(value)
