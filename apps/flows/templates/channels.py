"""What is done to a value before it stands in a text: as where the text goes needs it."""

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from markupsafe import Markup, escape

from apps.flows.engine.moves import Failure
from apps.flows.templates import work

Escape = Callable[[Any], str]


def plain(value: Any) -> Any:
    """Return a value as JSON has it; what a profile's row has as times and ids are texts there."""
    if isinstance(value, str):
        work.go_through(value)
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        work.spend(work.OF_AN_ITEM * len(value))
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        work.spend(work.OF_AN_ITEM * len(value))
        return [plain(each) for each in value]
    return value


def text_of(value: Any) -> str:
    """Write a value for people: nothing for null, a list or an object as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    value = plain(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _html(value: Any) -> str:
    return value if isinstance(value, Markup) else escape(text_of(value))


def _url(value: Any) -> str:
    text = text_of(value)
    # Nothing, or dots, in place of a part of a path would make it the address of something else.
    if not text.strip() or not text.strip("."):
        raise Failure("A value that is a part of the address is missing, or is dots only.")
    return quote(text, safe="")


def _mrkdwn(value: Any) -> str:
    """Write what Slack would take for a link, or a mention, so that it is shown as it is.

    Others that take the same read @all and @channel as they stand: a sign that nobody sees parts them from their @.
    """
    return _MENTION.sub("@\u2060", str.translate(text_of(value), _MRKDWN))


def _markdown(value: Any) -> str:
    """Write what Discord would take for markup so that it is shown as it is; addresses stay what they are."""
    return _MARKS.sub(lambda found: found["address"] or f"\\{found[0]}", text_of(value))


def _json(value: Any) -> str:
    written = json.dumps(plain(value), ensure_ascii=False)
    return written[1:-1] if isinstance(value, str) else written  # a text stands between quotes that are there


_MRKDWN: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MENTION: Final = re.compile(r"(?<![\w.+-])@(?=\w)")  # and no e-mail address
_MARKS: Final = re.compile(r"(?P<address>https?://[\w.:/?&=%~-]+)|[\\*_~`|>#\[\]()<@-]")
CHANNELS: Final[dict[str, Escape]] = {
    "text": text_of,
    "html": _html,
    "url": _url,
    "json": _json,
    "mrkdwn": _mrkdwn,
    "markdown": _markdown,
}
