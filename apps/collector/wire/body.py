"""Read what clients really send: JSON with its oddities, forms, and values that a database cannot hold."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson
from django.conf import settings

from apps.conditions.spelling import fold
from apps.core import reading, storable
from apps.core.numbers import as_id
from apps.core.refusal import Refusal
from apps.profiles.names import is_ordinary, names_nobody

# Read once: Django takes microseconds to find a setting, and these are asked for with each message.
_MAX_EVENT_BYTES: Final[int] = settings.MAX_EVENT_BYTES
_MAX_DEPTH: Final[int] = settings.MAX_DEPTH
_MAX_ID: Final = 512  # characters
_YES: Final = frozenset({"true", "yes", "on", "1", 1})
_NO: Final = frozenset({"false", "no", "off", "0", 0})


class Malformed(Exception):
    """The body as a whole cannot be read; the refusal says where."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Json(NamedTuple):
    """A body that was parsed: what it says, and how closely that must be looked at."""

    value: Any
    is_suspect: bool = False  # its parts must be looked at one by one, see `check`
    mentions: str | None = None  # the text in which its e-mail addresses stand; None: they may be escaped or encoded


def load_json(body: bytes) -> Json:
    """Parse a JSON body.

    orjson refuses the whole body for one lone surrogate or one infinite number. The standard parser lets them through,
    so that only the event that carries them is lost. Raises Malformed with line and column.
    """
    try:
        try:
            parsed = reading.loads(body)
        except orjson.JSONDecodeError as strict_error:
            try:
                # UTF-8 only: no other encoding goes into the inbox.
                return Json(reading.loads_lax(body.decode()), is_suspect=True)
            except ValueError:
                raise Malformed(Refusal("invalid_json", f"The body is not valid JSON: {strict_error}.")) from None
    except RecursionError:
        raise Malformed(Refusal("too_deep", f"The body is nested deeper than {_MAX_DEPTH} levels.")) from None
    return written_as(body, parsed)


def written_as(body: bytes, value: Any) -> Json:
    """Tell of a value how closely it must be looked at, by the body that it was parsed from, or written as."""
    text = body.decode()  # to look for a letter in a text takes a fifth of the time
    # What is smaller than an event may be holds none that is larger, and with fewer brackets than levels none too deep.
    n_brackets = text.count("{") + (text.count("[") if "[" in text else 0)
    is_small = len(body) <= _MAX_EVENT_BYTES and n_brackets <= _MAX_DEPTH
    is_plain = "\\" not in text
    is_clean = is_plain or "\\u0000" not in text
    mentions = None
    if is_plain and "%" not in text:
        mentions = text if "@" in text else ""
    return Json(value, not (is_small and is_clean), mentions)


def check(event: Any, path: str, *, beside: int = 0) -> Refusal | None:
    """Find why an event of a suspect body cannot be stored: a value of it, or its size; None when all is well.

    What stands `beside` the list, in bytes, is said of each event: it counts as part of it.
    """
    refusal = storable.refusal_in(event, path)
    if refusal is None and len(orjson.dumps(event)) + beside > _MAX_EVENT_BYTES:
        together = ", with what is said of all" if beside else ""
        message = f"{path or 'The body'} is larger than {_MAX_EVENT_BYTES} bytes{together}."
        return Refusal("too_large", message, path)
    return refusal


def shared(body: dict[str, Any], names: Iterable[str], *, n_events: int, is_suspect: bool) -> int:
    """Return how many bytes those parts of a body take that are said of each of its events.

    They are kept with each: a body may not say in this way what would be too large if each event said it itself.
    Raises Malformed naming the part.
    """
    if n_events <= 1 and not is_suspect:  # it is smaller than an event may be, all of it
        return 0
    total = 0
    for name in names:
        part = object_of(body.get(name), name)
        if not part:
            continue
        refusal = storable.refusal_in(part, name) if is_suspect else None
        if refusal:
            raise Malformed(refusal)
        total += len(orjson.dumps(part))
        if total > _MAX_EVENT_BYTES:
            raise Malformed(Refusal("too_large", f"{name} is larger than {_MAX_EVENT_BYTES} bytes.", name))
        if total * n_events > settings.MAX_BODY_BYTES:
            message = f"{name} counts for each event: that makes more than {settings.MAX_BODY_BYTES} bytes."
            raise Malformed(Refusal("too_large", message, name))
    return total


def text_of(value: Any, path: str, *, limit: int = _MAX_ID) -> str | None:
    """Read a text, trimmed; numbers count as text, blank and null as absent. Raises Malformed naming the path."""
    if value is None:
        return None
    if not isinstance(value, str) and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise Malformed(Refusal("invalid_type", f"{path} must be a text.", path))
    try:
        text = value.strip() if isinstance(value, str) else as_id(value)
    except ValueError as error:
        raise Malformed(Refusal("invalid_type", f"{path} {error}.", path)) from None
    if len(text) > limit:
        raise Malformed(Refusal("too_long", f"{path} is longer than {limit} characters.", path))
    problem = storable.problem_of_text(text)
    if problem:
        raise Malformed(Refusal("invalid_text", f"{path} {problem}.", path))
    return text or None


def id_of(value: Any, path: str) -> str | None:
    """Read an id of a person, session, profile, device, group or message: all that clients send are read here.

    One spelling for each; what names nobody counts as absent. Raises Malformed naming the path.
    """
    if value is None or (type(value) is str and len(value) <= _MAX_ID and is_ordinary(value)):
        return value
    text = text_of(value, path)
    if text is not None and not text.isascii():
        text = fold(text)
    return None if text is None or names_nobody(text) else text


def optional_id(value: Any) -> str | None:
    """Read an id where what is no id stops nothing: it counts as absent."""
    try:
        return id_of(value, "")
    except Malformed:
        return None


def flag_of(value: Any, path: str, *, default: bool = False) -> bool:
    """Read an option that is on or off, also as the texts and numbers that forms and languages make of it.

    What says nothing is the default. Raises Malformed naming the path: what was meant to be off must not be on.
    """
    if value is None:
        return default
    word = value.strip().lower() if isinstance(value, str) else value
    if word == "":
        return default
    if isinstance(word, str | int | float):
        if word in _YES:
            return True
        if word in _NO:
            return False
    raise Malformed(Refusal("invalid_type", f"{path} must be true or false.", path))


def object_of(value: Any, path: str) -> dict[str, Any]:
    """Read an object; null counts as empty, and so does what PHP makes of one without entries: an empty list.

    Raises Malformed naming the path.
    """
    if isinstance(value, dict):
        return value
    if value is None or value == []:
        return {}
    raise Malformed(Refusal("invalid_type", f"{path} must be an object.", path))
