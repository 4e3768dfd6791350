"""How messages look: what came, and what would become of it."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin.shown import NOTHING, json_text, moment, snippet, tree
from apps.inbound.sampling import Sampled, Shown

N_BYTES: Final = 1024  # of what is no text
PER_LINE: Final = 16


def message(sampled: Sampled) -> dict[str, Any]:
    """Show a message beside what would become of it."""
    received = sampled.received
    return {
        "body": body(received.body),
        "at": moment(received.at) if received.at else "",
        "headers": tree(dict(received.headers)) if received.headers else "",
        "about": about(received.about),
        "problem": sampled.problem,
        "events": [(event, tree(_values(event)), tree(dict(event.properties))) for event in sampled.events],
    }


def body(said: bytes) -> SafeString:
    """Show what a message says: as a tree, as text, or the beginning of its bytes."""
    if not said:
        return NOTHING
    try:
        text = said.decode()
    except UnicodeDecodeError:
        return snippet(dump(said))
    return snippet(dump(said)) if "\x00" in text else json_text(text)


def dump(said: bytes) -> str:
    """Write the first bytes as numbers, with the letters that they may be."""
    lines = []
    for begin in range(0, min(len(said), N_BYTES), PER_LINE):
        part = said[begin : begin + PER_LINE]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{begin:04x}  {part.hex(' '):<{PER_LINE * 3}} {letters}")
    rest = len(said) - N_BYTES
    return "\n".join([*lines, f"… and {rest:,} bytes more"] if rest > 0 else lines)


def about(said: Mapping[str, Any]) -> SafeString:
    """Show where a message was found, as far as the other side said anything of it."""
    found = {name: value for name, value in said.items() if value not in (None, "", {}, [])}
    return format_html('<div class="cdp-plain">{}</div>', tree(found)) if found else SafeString()


def _values(event: Shown) -> dict[str, Any]:
    said = {"profile": event.profile, "session": event.session, "time": event.time, "id": event.message_id}
    return {name: value for name, value in said.items() if value}
