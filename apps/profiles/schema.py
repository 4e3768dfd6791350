"""The fields that a profile has: where they are, what they hold, their names, and whether they are personal data.

Everything under `data` is fixed and typed. `traits`, `interests` and `stats` are free: any name, any JSON value.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from apps.conditions import values
from apps.conditions.spelling import fold
from apps.core import paths
from apps.core.numbers import as_id
from apps.core.paths import Path
from apps.profiles.names import names_nobody

FREE_ROOTS: Final = frozenset({"traits", "interests", "stats"})
# Our JSON writer knows no greater one, and a number that cannot be written would take the whole batch with it.
_MAX_INTEGER: Final = 2**63 - 1
# A fact is short: the search for people reads names and addresses.
_MAX_TEXT: Final = 2_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MIN_TIMESTAMP: Final = 10**7


class FieldError(ValueError):
    """A value does not fit the field of a profile."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


class Kind(Enum):
    """What a field holds; the value is the name for people."""

    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    BOOLEAN = "yes or no"
    DATE = "date"  # a day of the calendar, wherever on earth
    DATETIME = "date and time"
    TEXTS = "list of texts"
    MAP = "object"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    POINT = "longitude and latitude"
    CONSENT = "consent"
    CONSENTS = "consents"
    FREE = "anything"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a profile."""

    path: str
    kind: Kind
    label: str
    is_pii: bool = False
    _convert: Callable[[object], Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look the conversion up once: fields are made once, and used for each event."""
        object.__setattr__(self, "_convert", _CONVERSIONS[self.kind])

    def coerce(self, value: object) -> Any:
        """Return the value as it is stored; null empties any field. Raises FieldError when it does not fit."""
        if value is None:
            return None
        try:
            return self._convert(value)
        except ValueError as error:
            raise FieldError(self.path, str(error)) from None


def coerce(path: str, value: object) -> Any:
    """Return the value as the field at the path stores it. Raises FieldError when it does not fit anything there."""
    found = find(path)
    if found is None:
        raise FieldError(path, "A profile has no such field.")
    return found.coerce(value)


def find(path: str | Path) -> Field | None:
    """Return the field at the path; below an object with free content each path is a field that holds anything."""
    dotted = path if isinstance(path, str) else paths.join(path)
    if dotted in FIELDS:
        return FIELDS[dotted]
    keys = paths.parse(path) if isinstance(path, str) else path
    if len(keys) > 1 and keys[0] in FREE_ROOTS:
        return Field(dotted, Kind.FREE, keys[-1])
    if len(keys) == 2 and keys[0] == "consents":
        return Field(dotted, Kind.CONSENT, keys[1])
    for length in range(len(keys) - 1, 1, -1):
        above = FIELDS.get(paths.join(keys[:length]))
        if above is not None:
            return Field(dotted, Kind.FREE, keys[-1], above.is_pii) if above.kind is Kind.MAP else None
    return None


def number(value: object) -> int | float:
    """Return the number that the value is, or that its text says. Raises ValueError; yes and no are not numbers."""
    if isinstance(value, str):
        return _in_range(_said(value))
    # By type: a truth value is an int in Python.
    if type(value) is int or type(value) is float:
        return _in_range(value)
    message = f"Expected a number, not {_shown(value)}."
    raise ValueError(message)


def _said(text: str) -> int | float:
    found = values.number(text)
    if found is None:
        message = f"Expected a number, not {_shown(text)}."
        raise ValueError(message)
    return float(found) if isinstance(found, Decimal) else found


def _in_range(value: int | float) -> int | float:
    if not -_MAX_INTEGER <= value <= _MAX_INTEGER:  # what is no number at all, such as NaN, is not within either
        message = "The number is out of range."
        raise ValueError(message)
    return value


def is_empty(value: object) -> bool:
    """Tell whether nothing is known: absent, null, blank, or without items. Zero and false are something."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is paths.MISSING or (isinstance(value, (list, dict)) and not value)


def _text(value: object) -> str:
    if isinstance(value, str):
        if len(value) > _MAX_TEXT:
            message = f"It is longer than {_MAX_TEXT} characters."
            raise ValueError(message)
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return as_id(value)
    message = f"Expected a text, not {_shown(value)}."
    raise ValueError(message)


def _id(value: object) -> str:
    text = fold(_text(value))
    if text and names_nobody(text):
        message = "It names nobody."
        raise ValueError(message)
    return text


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    message = f"Expected true or false, not {_shown(value)}."
    raise ValueError(message)


def _date(value: object) -> str:
    """Return the day that is written, as ISO text: which moment it was there is no matter. Numbers count from 1970."""
    try:
        day = _day_of(value)
        if day is not None and 1000 <= day.year < 9000:
            return day.isoformat()
    except (ValueError, OverflowError):
        pass
    message = f"Expected a date such as 2024-05-31, not {_shown(value)}."
    raise ValueError(message)


def _day_of(value: object) -> date | None:
    text = value.strip() if isinstance(value, str) else str(value) if type(value) in (int, float) else ""
    if len(text) == 8 and text.isdecimal():
        return date.fromisoformat(text)  # 19900501
    found = values.number(value)
    if found is None:
        return datetime.fromisoformat(text).date() if text else None
    # 1e11 seconds lie in the year 5138, 1e11 milliseconds in 1973. Small numbers are ages and years.
    secs = float(found)
    if abs(secs) < _MIN_TIMESTAMP:
        return None
    return (_EPOCH + timedelta(seconds=secs / 1000 if abs(secs) >= 1e11 else secs)).date()


def _datetime(value: object) -> str:
    """Return the time as ISO text in UTC; a text without an offset means UTC. Such texts sort by time."""
    try:
        at = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        if at is not None:
            at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
            if 1000 <= at.year < 9000:  # what conditions take for a time
                return at.isoformat()
    except (ValueError, OverflowError):
        pass
    message = f"Expected a date or time such as 2024-05-31T12:00:00Z, not {_shown(value)}."
    raise ValueError(message)


def _texts(value: object) -> list[str]:
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _map(value: object) -> dict[str, Any]:
    if value == []:  # so PHP writes an object without entries
        return {}
    if isinstance(value, dict):
        return copy.deepcopy(value)
    message = f"Expected an object, not {_shown(value)}."
    raise ValueError(message)


def _within(limit: int) -> Callable[[object], int | float]:
    def bounded(value: object) -> int | float:
        degrees = number(value)
        if abs(degrees) <= limit:
            return degrees
        message = f"Expected degrees between -{limit} and {limit}, not {degrees}."
        raise ValueError(message)

    return bounded


_latitude, _longitude = _within(90), _within(180)


def _point(value: object) -> list[int | float]:
    if isinstance(value, list) and len(value) == 2:
        return [_longitude(value[0]), _latitude(value[1])]
    message = f"Expected [longitude, latitude], not {_shown(value)}."
    raise ValueError(message)


def _consent(value: object) -> dict[str, str | None]:
    """Return {"revoke": time or null}: until when the consent holds, null being without end."""
    if not isinstance(value, dict) or "revoke" not in value:
        shown = "an object that does not say until when" if isinstance(value, dict) else _shown(value)
        message = f'Expected an object such as {{"revoke": null}}, not {shown}.'
        raise ValueError(message)
    revoke = value["revoke"]
    return {"revoke": None if revoke is None else _datetime(revoke)}


def _consents(value: object) -> dict[str, Any]:
    return {consent_id: _consent(consent) for consent_id, consent in _map(value).items()}


def _free(value: object) -> object:
    # A copy: the profile goes on to change what it holds, and the event keeps what it said.
    return copy.deepcopy(value) if isinstance(value, (dict, list)) else value


def _shown(value: object) -> str:
    """Name a value in a message; long and nested ones are not repeated, for they may hold anything."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return "a text" if isinstance(value, str) else "a number"


_CONVERSIONS: Final[dict[Kind, Callable[[object], object]]] = {
    Kind.TEXT: _text,
    Kind.ID: _id,
    Kind.NUMBER: number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.TEXTS: _texts,
    Kind.MAP: _map,
    Kind.LATITUDE: _latitude,
    Kind.LONGITUDE: _longitude,
    Kind.POINT: _point,
    Kind.CONSENT: _consent,
    Kind.CONSENTS: _consents,
    Kind.FREE: _free,
}


def _group(prefix: str, label: str, kind: Kind, names: str, *, is_pii: bool = False) -> list[Field]:
    """List fields of one kind and prefix; `label` has a place for the field's own name."""
    return [Field(f"{prefix}.{name}", kind, _label(label, name), is_pii) for name in names.split()]


def _label(template: str, name: str) -> str:
    label = template.format(name.replace("_", " ").replace(".", " "))
    return label[0].upper() + label[1:]


_ALL: Final = [
    Field("primary_id", Kind.ID, "Customer number", is_pii=True),
    Field("consents", Kind.CONSENTS, "Consents"),
    Field("data.anonymous", Kind.BOOLEAN, "Cannot be contacted"),
    *_group("data.pii", "{}", Kind.TEXT, "firstname lastname display_name gender", is_pii=True),
    Field("data.pii.birthday", Kind.DATE, "Birthday", is_pii=True),
    Field("data.pii.language.native", Kind.TEXT, "Native language", is_pii=True),
    Field("data.pii.language.spoken", Kind.TEXTS, "Spoken languages", is_pii=True),
    Field("data.pii.education.level", Kind.TEXT, "Level of education", is_pii=True),
    Field("data.pii.civil.status", Kind.TEXT, "Civil status", is_pii=True),
    *_group("data.pii.attributes", "{}", Kind.NUMBER, "height weight shoe_number", is_pii=True),
    *_group("data.contact.email", "{} e-mail address", Kind.TEXT, "main private business", is_pii=True),
    *_group("data.contact.phone", "{} phone number", Kind.TEXT, "main business mobile whatsapp", is_pii=True),
    *_group(
        "data.contact.app",
        "{} messenger",
        Kind.TEXT,
        "whatsapp discord slack twitter telegram wechat viber signal",
        is_pii=True,
    ),
    Field("data.contact.app.other", Kind.MAP, "Other messengers", is_pii=True),
    *_group("data.contact.address", "Address: {}", Kind.TEXT, "town county country postcode street other", is_pii=True),
    Field("data.contact.confirmations", Kind.TEXTS, "Confirmed contacts", is_pii=True),
    *_group("data.identifier", "Identifier: {}", Kind.ID, "id pk", is_pii=True),
    *_group("data.identifier", "Identifier: {}", Kind.TEXT, "badge passport credit_card token", is_pii=True),
    Field("data.identifier.coupons", Kind.TEXTS, "Coupons", is_pii=True),
    Field("data.devices.push", Kind.TEXTS, "Push tokens", is_pii=True),
    Field("data.devices.other", Kind.TEXTS, "Other devices", is_pii=True),
    *_group("data.devices.last.geo", "Last place: {}", Kind.TEXT, "country.name country.code city county", is_pii=True),
    Field("data.devices.last.geo.postal", Kind.TEXT, "Last place: postal code", is_pii=True),
    Field("data.devices.last.geo.latitude", Kind.LATITUDE, "Last place: latitude", is_pii=True),
    Field("data.devices.last.geo.longitude", Kind.LONGITUDE, "Last place: longitude", is_pii=True),
    Field("data.devices.last.geo.location", Kind.POINT, "Last place: point", is_pii=True),
    Field("data.media.image", Kind.TEXT, "Picture", is_pii=True),
    Field("data.media.webpage", Kind.TEXT, "Web page", is_pii=True),
    *_group(
        "data.media.social",
        "{} account",
        Kind.TEXT,
        "twitter facebook youtube instagram tiktok linkedin reddit",
        is_pii=True,
    ),
    Field("data.media.social.other", Kind.MAP, "Other accounts", is_pii=True),
    *_group(
        "data.preferences",
        "Preferred {}",
        Kind.TEXTS,
        "purchases colors sizes devices channels payments brands fragrances services other",
    ),
    *_group("data.job", "Job: {}", Kind.TEXT, "position type department", is_pii=True),
    Field("data.job.salary", Kind.NUMBER, "Job: salary", is_pii=True),
    *_group("data.job.company", "Company: {}", Kind.TEXT, "name country", is_pii=True),
    Field("data.job.company.size", Kind.NUMBER, "Company: number of employees"),
    Field("data.job.company.segment", Kind.TEXTS, "Company: segments"),
    Field("data.metrics.ltv", Kind.NUMBER, "Lifetime value"),
    Field("data.metrics.ltcosc", Kind.NUMBER, "Checkouts started"),
    Field("data.metrics.ltcocc", Kind.NUMBER, "Checkouts completed"),
    Field("data.metrics.ltcop", Kind.NUMBER, "Checkouts completed, percent"),
    Field("data.metrics.ltcosv", Kind.NUMBER, "Value of checkouts started"),
    Field("data.metrics.ltcocv", Kind.NUMBER, "Value of checkouts completed"),
    Field("data.metrics.next", Kind.DATETIME, "Next expected action"),
    Field("data.metrics.custom", Kind.MAP, "Other metrics"),
    Field("data.loyalty.codes", Kind.TEXTS, "Loyalty codes", is_pii=True),
    *_group("data.loyalty.card", "Loyalty card: {}", Kind.TEXT, "id name", is_pii=True),
    Field("data.loyalty.card.issuer", Kind.TEXT, "Loyalty card: issuer"),
    Field("data.loyalty.card.expires", Kind.DATE, "Loyalty card: expires"),
    Field("data.loyalty.card.points", Kind.NUMBER, "Loyalty card: points"),
]

FIELDS: Final[dict[str, Field]] = {each.path: each for each in _ALL}
