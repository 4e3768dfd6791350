"""How deliveries look: what they ask for, what became of them, and what was said at each try."""

from datetime import datetime
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.bridges.models import Delivery
from apps.bridges.transport.http import KEPT_BODY
from apps.core.admin.shown import NOTHING, badge, json_text, moment, rows, snippet, tree

Outcome = Delivery.Outcome
COLOURS: Final = {
    Outcome.DELIVERED: "green",
    Outcome.REFUSED: "red",
    Outcome.EXPIRED: "red",
    Outcome.CANCELLED: "grey",
    Outcome.WAITING: "blue",
}

TOLD: Final = {"may_be_missing": "a 404 or 410 refuses this one, and does not hold the connection"}
ORDER: Final = ("method", "path", "to", "subject", "headers", "body", "text", "html", "statement", "parameters")


def outcome(row: Delivery, *, held: str = "") -> SafeString:
    """Show what became of it; of one that waits, why."""
    if row.outcome != Outcome.WAITING:
        return badge(row.get_outcome_display().lower(), COLOURS[Outcome(row.outcome)])
    if held:
        return format_html("{} {}", badge("waits", "amber"), held)
    return badge("is tried again", "amber") if row.n_tries else badge("waits", "blue")


def asks(row: Delivery) -> str:
    """Say in short what is asked of the other side."""
    request = row.request
    if "to" in request:
        return f"{request['to']}: {request.get('subject', '')}"[:120]
    if "statement" in request:
        return " ".join(request["statement"].split())[:120]
    if "text" in request:
        return " ".join(request["text"].split())[:120]
    return f"{request.get('method', 'POST')} {request.get('path') or '/'}"[:120]


def request(row: Delivery) -> SafeString:
    """Show what is sent; texts as they are, and JSON as a tree."""
    lines = []
    for name in (*ORDER, *(row.request.keys() - set(ORDER))):
        if name not in row.request:
            continue
        value = row.request[name]
        if name in ("body", "text", "statement"):
            lines.append((name, json_text(value), ""))
        elif name == "html":
            lines.append((name, snippet(value), ""))
        else:
            lines.append((name, tree(value), TOLD.get(name, "")))
    return rows(lines)


def answer(row: Delivery) -> SafeString:
    """Show the last answer."""
    if not row.answer:
        return NOTHING
    said = row.answer
    lines: list[tuple[str, Any, str]] = [("Said", said["said"], "")]
    if said["headers"]:
        lines.append(("Headers", tree(said["headers"]), ""))
    if said["body"]:
        lines.append(("Body", json_text(said["body"]), "the beginning of it" if len(said["body"]) >= KEPT_BODY else ""))
    return rows(lines)


def tries(row: Delivery) -> SafeString:
    """Show the last tries, the latest first."""
    lines = (
        (moment(datetime.fromisoformat(tried["at"])), tried["said"], f"{tried['ms']:,} ms")
        for tried in reversed(row.tries)
    )
    shown = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", lines)
    if not shown:
        return NOTHING
    return format_html(
        '<table class="cdp-table"><thead><tr><th>When</th><th>What was said</th><th>Took</th></tr></thead>'
        "<tbody>{}</tbody></table>",
        shown,
    )
