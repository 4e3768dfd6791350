"""Values as people read them: JSON as a tree, links, times, badges."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

MAX_SHOWN = 20_000  # characters
NOTHING = mark_safe('<span class="cdp-none">&ndash;</span>')
NOT_SHOWN = mark_safe('<span class="cdp-none">could not be shown</span>')


def tree(value: Any) -> SafeString:
    """Show a JSON value as names and values, those of nested objects below their names."""
    if isinstance(value, dict) and value:
        pairs = ((key, tree(item)) for key, item in value.items())
        shown = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", pairs)
        return format_html('<dl class="cdp-tree">{}</dl>', shown)
    if isinstance(value, list) and value:
        return format_html(
            '<ul class="cdp-tree">{}</ul>', format_html_join("", "<li>{}</li>", ((tree(v),) for v in value))
        )
    if value in (None, "", {}, []):
        return NOTHING
    if isinstance(value, bool):
        value = "yes" if value else "no"
        return format_html('<span class="cdp-bool">{}</span>', value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return format_html('<span class="cdp-{}">{}</span>', type(value).__name__, value)


def json_text(text: str) -> SafeString:
    """Show the text of a request: as a tree where it is JSON, and only so much of it as a page can hold."""
    try:
        return tree(orjson.loads(text)) if len(text) <= MAX_SHOWN else snippet(f"{text[:MAX_SHOWN]} …")
    except (orjson.JSONDecodeError, RecursionError):  # what was refused may be nested too deep
        return snippet(text)


def snippet(text: str) -> SafeString:
    """Show a longer text as it is."""
    return format_html('<pre class="cdp-snippet">{}</pre>', text)


def rows(lines: Iterable[tuple[Any, Any, Any]]) -> SafeString:
    """Show lines of (name, value, note), the note dimly behind the value."""
    shown = format_html_join("", "<div><dt>{}</dt><dd>{}</dd><small>{}</small></div>", lines)
    return format_html('<dl class="cdp-rows">{}</dl>', shown) if shown else NOTHING


def link(page: str, pk: Any, text: Any = None) -> SafeString:
    """Link to the page of a row: page is `app_model`."""
    if not pk:
        return NOTHING
    return format_html('<a class="cdp-link" href="{}">{}</a>', page_address(page, pk), text or pk)


def page_address(page: str, pk: Any) -> str:
    """Return the address of the page of a row; the admin reads a key such as `revenue_24` as if it were quoted."""
    return reverse(f"admin:{page}_change", args=[quote(pk)])


def moment(at: datetime | None) -> SafeString:
    """Show a time to the second, with the exact one when pointed at."""
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    return format_html('<time title="{}">{}</time>', at.isoformat(), local.strftime("%Y-%m-%d %H:%M:%S"))


def badge(text: Any, colour: str = "grey") -> SafeString:
    """Show a short word on a coloured ground: grey, green, blue, amber or red."""
    return format_html('<span class="cdp-badge cdp-{}">{}</span>', colour, text)


def copyable(text: Any) -> SafeString:
    """Show a text that a click selects as a whole."""
    return format_html('<code class="cdp-copy">{}</code>', text)
