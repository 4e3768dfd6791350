"""How texts are read as something else; each raises ValueError where a text is none of it, and returns JSON."""

import re
from datetime import date, datetime, time
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import orjson

from apps.core import storable
from apps.flows.moments import read_moment, until
from apps.profiles import conversions
from apps.sessions import agent

POINT, COMMA = ".", ","
ISO, DAY_FIRST, MONTH_FIRST = "iso", "day_first", "month_first"
MAX_PARAMETERS: Final = 200
_GROUPED: Final = {
    mark: re.compile(rf"[+-]?[0-9]{{1,3}}([{other}'\u2019 \u00a0\u202f])[0-9]{{3}}(?:\1[0-9]{{3}})*")
    for mark, other in ((POINT, COMMA), (COMMA, POINT))
}
_NO_DIGIT: Final = re.compile(r"[^0-9+-]")
_DATE: Final = re.compile(
    r"\s*([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})(?:(?:\s+|,\s*|T)([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?)?\s*"
)


def json(text: str) -> Any:
    """Read JSON that can be kept."""
    found = orjson.loads(text)
    if storable.refusal_in(found, ""):
        raise ValueError("It cannot be kept.")
    return found


def number(text: str, mark: str) -> int | float:
    """Read a number with a decimal mark, whose thousands may stand in groups."""
    whole, has_mark, rest = text.strip().partition(mark)
    if _GROUPED[mark].fullmatch(whole):
        whole = _NO_DIGIT.sub("", whole)
    if POINT in whole:
        raise ValueError("It has the other decimal mark.")
    return conversions.number(f"{whole}.{rest}" if has_mark else whole)


def moment(text: str, order: str, zone: ZoneInfo) -> str:
    """Read a day or a time, and return the time in UTC; one without a zone is when clocks show it in this one."""
    if order == ISO:
        found = read_moment(text, zone=zone)
        if found is None:
            raise ValueError("It is no time.")
        return found.isoformat()
    parts = _DATE.fullmatch(text)
    if parts is None:
        raise ValueError("It is no date.")
    first, second, year, hour, minute, secs = (int(part or 0) for part in parts.groups())
    day, month = (first, second) if order == DAY_FIRST else (second, first)
    return until(datetime.combine(date(year, month, day), time(hour, minute, secs)), zone=zone).isoformat()


def address(text: str) -> dict[str, Any]:
    """Read an address of the web, or a path: its parts, and its parameters by name, the first of each."""
    parts = urlsplit(text.strip())
    if not (parts.hostname if parts.scheme else parts.path.startswith("/")):
        raise ValueError("It is no address.")
    parameters = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    return {
        "scheme": parts.scheme,
        "host": parts.hostname or "",
        "port": parts.port,
        "path": parts.path,
        "query": parts.query,
        "parameters": dict(reversed(parameters)),
        "fragment": parts.fragment,
    }


def user_agent(text: str) -> dict[str, Any]:
    """Read what a browser says of itself."""
    if not text.strip():
        raise ValueError("It says nothing.")
    return agent.describe(text)._asdict()
