"""The fields that a profile has: where they are, what they hold, their names, and whether they are personal data.

Everything under `data` is fixed and typed. `traits`, `interests` and `stats` are free: any name, any JSON value.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from apps.core import paths
from apps.core.paths import Path
from apps.profiles import conversions

FREE_ROOTS: Final = frozenset({"traits", "interests", "stats"})


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


def is_empty(value: object) -> bool:
    """Tell whether nothing is known: absent, null, blank, or without items. Zero and false are something."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is paths.MISSING or (isinstance(value, (list, dict)) and not value)


_CONVERSIONS: Final[dict[Kind, Callable[[object], object]]] = {
    Kind.TEXT: conversions.text,
    Kind.ID: conversions.identifier,
    Kind.NUMBER: conversions.number,
    Kind.BOOLEAN: conversions.boolean,
    Kind.DATE: conversions.day,
    Kind.DATETIME: conversions.moment,
    Kind.TEXTS: conversions.texts,
    Kind.MAP: conversions.mapping,
    Kind.LATITUDE: conversions.latitude,
    Kind.LONGITUDE: conversions.longitude,
    Kind.POINT: conversions.point,
    Kind.CONSENT: conversions.consent,
    Kind.CONSENTS: conversions.consents,
    Kind.FREE: conversions.free,
}


def _group(prefix: str, template: str, kind: Kind, names: str, *, is_pii: bool = False) -> Iterator[Field]:
    """Yield fields of one kind and prefix; `template`, of their labels, has a place for the field's own name."""
    for name in names.split():
        label = template.format(name.replace("_", " ").replace(".", " "))
        yield Field(f"{prefix}.{name}", kind, label[0].upper() + label[1:], is_pii)


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
