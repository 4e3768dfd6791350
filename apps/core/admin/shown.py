"""Values as people read them: JSON as a tree, links, times, badges."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

NOTHING = mark_safe('<span class="cdp-none">&ndash;</span>')


def tree(value: Any) -> SafeString:
    """Show a JSON value as a nested table of names and values."""
    if isinstance(value, dict) and value:
        rows = ((key, tree(item)) for key, item in value.items())
        return format_html('<dl class="cdp-tree">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))
    if isinstance(value, list) and value:
        return format_html(
            '<ul class="cdp-tree">{}</ul>', format_html_join("", "<li>{}</li>", ((tree(v),) for v in value))
        )
    if value in (None, "", {}, []):
        return NOTHING
    return format_html('<span class="cdp-{}">{}</span>', type(value).__name__, value)


def link(page: str, pk: Any, text: Any = None) -> SafeString:
    """Link to the page of a row: page is `app_model`."""
    if not pk:
        return NOTHING
    return format_html('<a class="cdp-link" href="{}">{}</a>', reverse(f"admin:{page}_change", args=[pk]), text or pk)


def moment(at: datetime | None) -> SafeString:
    """Show a time to the second, with the exact one when pointed at."""
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    return format_html('<time title="{}">{}</time>', at.isoformat(), local.strftime("%Y-%m-%d %H:%M:%S"))


def badge(text: str, colour: str = "grey") -> SafeString:
    """Show a short word on a coloured ground: grey, green, blue, amber or red."""
    return format_html('<span class="cdp-badge cdp-{}">{}</span>', colour, text)


def copyable(text: str) -> SafeString:
    """Show a text that a click selects as a whole."""
    return format_html('<code class="cdp-copy">{}</code>', text)
