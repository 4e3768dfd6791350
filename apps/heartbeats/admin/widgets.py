"""Inputs that help to choose: choices with a sentence each, and texts with what is usual beside them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget


class ExplainedChoice(UnfoldAdminRadioSelectWidget):
    """Radio buttons, each with a sentence of what it means; one may bring what is usual of other fields."""

    class Media:
        js = ("cdp/usual.js",)

    def __init__(
        self, explanations: Mapping[str, str], *, usual: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        super().__init__()
        self.explanations, self.usual = explanations, usual or {}

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **options: Any) -> dict[str, Any]:
        """Put the sentence below the label."""
        shown = format_html("{}<small>{}</small>", label, self.explanations.get(str(value), ""))
        option: dict[str, Any] = super().create_option(name, value, shown, *args, **options)
        option["attrs"] |= {"class": f"{option['attrs'].get('class', '')} cdp-explained"}
        if str(value) in self.usual:
            option["attrs"]["data-usual"] = json.dumps(self.usual[str(value)])
        return option


class WithUsual(UnfoldAdminTextInputWidget):
    """A text, with what is usual below it, to click; and what is offered while somebody writes."""

    offered: Iterable[str] = ()

    class Media:
        js = ("cdp/usual.js",)

    def __init__(self, usual: Iterable[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(**options)
        self.usual = usual

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Add the buttons, and the list of what is offered."""
        list_id = f"{name}-offered"
        field = super().render(name, value, {**(attrs or {}), "list": list_id, "autocomplete": "off"}, renderer)
        offered = format_html_join("", '<option value="{}"></option>', ((each,) for each in self.offered))
        button = '<button type="button" data-usual-text="{}">{}</button>'
        buttons = format_html_join("", button, self.usual)
        return format_html(
            '<div class="cdp-usual">{}<datalist id="{}">{}</datalist><p>{}</p></div>', field, list_id, offered, buttons
        )
