"""A form field that holds a condition: it is written as text, or clicked together; both are the same condition."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.conditions import ConditionError
from apps.core.admin.conditions.languages import LANGUAGES


class ConditionWidget(UnfoldAdminTextareaWidget):
    """A text area that scripts turn into the editor; without them it stays what it is."""

    template_name = "core/condition.html"

    class Media:
        js = (Script("cdp/condition/element.js", type="module"),)

    preview = ""  # the address that renders what a condition, posted as the form has it, comes to

    def __init__(self, language: str) -> None:
        super().__init__(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off", "class": "cdp-json"})
        self.language = language

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add the language's addresses."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context |= {"language": LANGUAGES[self.language], "preview": self.preview}
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Render with the project's templates: Django's renderer of forms knows only its own."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))


class ConditionField(forms.CharField):
    """The text of a condition; a mistake is named with its place."""

    def __init__(self, *, language: str, **options: Any) -> None:
        super().__init__(widget=ConditionWidget(language), **options)
        self.language = language
        self.user: Any = None  # who asks; the form says it
        self.stored = ""  # what was there before, which may stay as it is

    def clean(self, value: Any) -> str:
        """Read the condition, and return its canonical text."""
        text: str = super().clean(value)
        if not text.strip():
            return ""
        try:
            return str(LANGUAGES[self.language].parse(text, user=self.user, is_stored=text.strip() == self.stored))
        except ConditionError as error:
            raise ValidationError(str(error)) from None
