"""What events prove about who their person is: the identification points, and what they find in properties."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.core import paths
from apps.core.numbers import as_id
from apps.core.paths import Path
from apps.core.snapshot import Snapshot
from apps.events.models import IdentificationPoint
from apps.profiles import identifiers
from apps.profiles.leads import Proof
from apps.profiles.models import Identifier

ALIAS: Final = "alias"  # Segment's call: its person had another id before
MAX_VALUES: Final = 5  # of a property that is a list
Kind = Identifier.Kind

_ACCOUNT: Final = {
    "pk": Kind.USER,
    **dict.fromkeys(("email", "email.main"), Kind.EMAIL),
    **dict.fromkeys(("phone", "phone.main", "phone.mobile"), Kind.PHONE),
}
# {event type: {path in the properties: kind}}. Those that are there already stay as they are.
DEFAULTS: Final[Mapping[str, Mapping[str, Identifier.Kind]]] = {
    "identify": {"email": Kind.EMAIL, "phone": Kind.PHONE},
    ALIAS: {"previousId": Kind.ANONYMOUS},
    "sign-in": _ACCOUNT,
    "sign-up": _ACCOUNT,
    "identification": _ACCOUNT,
    # Of mailboxes: who wrote, or whom a mail did not reach.
    "mail-received": {"email": Kind.EMAIL},
    "mail-replied": {"email": Kind.EMAIL},
    "mail-bounced": {"email": Kind.EMAIL},
    "mail-unsubscribed": {"email": Kind.EMAIL},
}


class Point(NamedTuple):
    """An identification point as each event needs it."""

    source_id: UUID | None
    path: Path
    place: str  # the path as dotted text
    kind: str
    system: str
    merges_customers: bool
    is_former: bool = False


def load_defaults() -> None:
    """Insert the default points that are missing; one that was switched off stays so."""
    rows = [
        IdentificationPoint(event_type=type_, path=path, kind=kind, is_builtin=True)
        for type_, points in DEFAULTS.items()
        for path, kind in points.items()
    ]
    IdentificationPoint.objects.bulk_create(rows, ignore_conflicts=True)


def proofs_of(event_type: str, properties: Mapping[str, Any], *, source_id: UUID, event_index: int) -> Iterator[Proof]:
    """Yield the identifiers that an event proves; those that are blocked, or no such identifiers, are none."""
    for point in current.get().get(event_type, ()):
        if point.source_id not in (None, source_id):
            continue
        found = paths.get(properties, point.path)
        for value in found[:MAX_VALUES] if isinstance(found, list) else [found]:
            usable = _usable(point, value)
            if usable:
                yield Proof(point.kind, usable, point.merges_customers, event_index, point.is_former, point.place)


def _usable(point: Point, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        usable = identifiers.usable(point.kind, value if isinstance(value, str) else as_id(value))
    except ValueError:  # a number that may stand for several ids
        return None
    return f"{point.system}:{usable}" if usable and point.system else usable


def _read() -> dict[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for row in IdentificationPoint.objects.filter(is_enabled=True).order_by("id"):
        path = paths.parse(row.path)
        point = Point(row.source_id, path, paths.join(path), row.kind, row.system, row.merges_customers)
        points = found.setdefault(row.event_type, [])
        points.append(point)
        if row.event_type == ALIAS and row.kind == Kind.ANONYMOUS:
            # Senders give a device's id or a customer number, and do not say which.
            points.append(point._replace(kind=Kind.USER, is_former=True))
    return found


current = Snapshot(_read, of=(IdentificationPoint,), refresh_secs=5)
