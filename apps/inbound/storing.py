"""Puts a batch of messages into the inbox: once, with how far reading is, and with what could not be taken.

All of it is one transaction; only after its commit may the broker forget the messages.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction

from apps.collector import accept
from apps.collector.wire import Message
from apps.core.ids import fingerprint, new_id
from apps.core.storable import cleaned
from apps.inbound.mapping import Mapper, Poison, as_id
from apps.inbound.models import BridgeDeadLetter, Position, Unsettled
from apps.inbound.received import FORGOTTEN, Received

logger = logging.getLogger(__name__)
MAX_TEXT: Final = 1_000  # characters of a header that can be shown only as text


class Outdated(Exception):
    """The bridge has changed since the messages were read, or somebody else reads now: nothing was stored."""


class Stored(NamedTuple):
    """What became of a batch."""

    n_stored: int  # messages
    n_dead: int
    n_left_out: int  # by the condition of the mapping
    n_known: int  # they were stored before


@dataclass(slots=True)
class Session:
    """What one reader has read since it was opened: by whom, and which redeliveries it has recognised."""

    bridge_id: UUID
    revision: int
    replica: str
    is_shared: bool
    matched: set[int] = field(default_factory=set)  # ids of Unsettled, of what the broker does not know yet


@dataclass(slots=True)
class _Sorted:
    messages: list[Message] = field(default_factory=list)
    dead: list[BridgeDeadLetter] = field(default_factory=list)
    n_left_out: int = 0


def store(session: Session, batch: Sequence[Received], mapper: Mapper, *, now: datetime) -> Stored:
    """Store a batch, in its order. Raises Outdated, and OperationalError where the database is away.

    Where PostgreSQL refuses it, each message is stored by itself, and what is refused then is set aside.
    """
    matched = set(session.matched)
    try:
        return _together(session, batch, mapper, now=now)
    except Outdated:
        raise
    except Exception as error:
        if accept.is_away(error):
            raise
        session.matched = matched
        told = {"bridge": str(session.bridge_id), "error": type(error).__name__}
        logger.warning("A batch of a bridge failed; its messages are tried one by one", extra=told)
    stored = [_alone(session, received, mapper, now=now) for received in batch]
    return Stored(*(sum(counts) for counts in zip(*stored, strict=True)))


def _together(session: Session, batch: Sequence[Received], mapper: Mapper, *, now: datetime) -> Stored:
    with transaction.atomic():
        _check_is_ours(session)
        known = _numbers(session.bridge_id, batch)
        fresh = _fresh(session, batch, known)
        found = _sorted(session, fresh, mapper, now=now)
        accept.keep(found.messages)
        BridgeDeadLetter.objects.bulk_create(found.dead, ignore_conflicts=True)
        _go_on(session.bridge_id, batch, known)
        _remember(session, fresh, now=now)
    return Stored(len(found.messages), len(found.dead), found.n_left_out, len(batch) - len(fresh))


def _alone(session: Session, received: Received, mapper: Mapper, *, now: datetime) -> Stored:
    try:
        return _together(session, [received], mapper, now=now)
    except Outdated:
        raise
    except Exception as error:
        if accept.is_away(error):
            raise
        reason = f"It could not be stored ({type(error).__name__})."
    bare = replace(received, headers={}, about={})
    with transaction.atomic():
        _check_is_ours(session)
        key = bare.key or str(new_id())
        letter = dead_letter(session.bridge_id, bare, key=key, reason=reason, at=now)
        BridgeDeadLetter.objects.bulk_create([letter], ignore_conflicts=True)
        _go_on(session.bridge_id, [bare], _numbers(session.bridge_id, [bare]))
    return Stored(n_stored=0, n_dead=1, n_left_out=0, n_known=0)


def write_positions(bridge_id: UUID, positions: Mapping[str, Any]) -> None:
    """Store where to go on in each place, wherever that is."""
    rows = [Position(bridge_id=bridge_id, place=place, position=position) for place, position in positions.items()]
    options: dict[str, Any] = {"unique_fields": ["bridge", "place"], "update_fields": ["position"]}
    Position.objects.bulk_create(rows, update_conflicts=True, **options)


def positions_of(bridge_id: UUID) -> dict[str, Any]:
    """Read where to go on in each place."""
    return dict(Position.objects.filter(bridge_id=bridge_id).values_list("place", "position"))


def _check_is_ours(session: Session) -> None:
    """Hold the bridge as it is until the end of the transaction; whoever had the lease last may store."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT revision, holder = %s FROM inbound_bridge WHERE id = %s FOR SHARE",
            [session.replica, session.bridge_id],
        )
        row = cursor.fetchone()
    if row is None or row[0] != session.revision or not (session.is_shared or row[1]):
        raise Outdated


def _fresh(session: Session, batch: Sequence[Received], known: Mapping[str, int]) -> list[Received]:
    """Leave out what is stored: it stands before the position, or the broker says that it repeats it."""
    repeated = [received for received in batch if received.is_repeated and not received.key]
    passed = _recognised(session, repeated) if repeated else Counter[str]()
    fresh = []
    for received in batch:
        if type(received.position) is int and received.position <= known.get(received.place, -1):
            continue
        if received.is_repeated and not received.key and passed[mark := _mark(received)]:
            passed[mark] -= 1
            continue
        fresh.append(received)
    return fresh


def _numbers(bridge_id: UUID, batch: Sequence[Received]) -> dict[str, int]:
    """Read, and hold, the positions that are numbers; whoever else stores there now is waited for."""
    places = {received.place for received in batch if type(received.position) is int}
    if not places:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbound_position (bridge_id, place, position) SELECT %s, place, 'null' "
            "FROM unnest(%s::text[]) AS place ORDER BY place ON CONFLICT (bridge_id, place) "
            "DO UPDATE SET position = inbound_position.position RETURNING place, position",
            [bridge_id, sorted(places)],
        )
        rows = [(place, orjson.loads(position)) for place, position in cursor.fetchall()]
    return {place: position for place, position in rows if type(position) is int}


def _recognised(session: Session, repeated: Sequence[Received]) -> Counter[str]:
    """Count how often each is stored already, without those that this reader has met before."""
    marks = {_mark(received) for received in repeated}
    wanted = Counter(map(_mark, repeated))
    rows = Unsettled.objects.filter(bridge_id=session.bridge_id, fingerprint__in=marks).order_by("id")
    found = Counter[str]()
    for pk, mark in rows.values_list("pk", "fingerprint"):
        if pk not in session.matched and found[mark] < wanted[mark]:
            session.matched.add(pk)
            found[mark] += 1
    return found


def _sorted(session: Session, fresh: Sequence[Received], mapper: Mapper, *, now: datetime) -> _Sorted:
    """Make of each message what goes into the inbox, or a dead letter."""
    found = _Sorted()
    keys = [received.key or str(new_id()) for received in fresh]
    for received, key, message in zip(fresh, keys, mapper.messages(fresh, keys=keys, at=now), strict=True):
        if isinstance(message, Poison):
            found.dead.append(dead_letter(session.bridge_id, received, key=key, reason=str(message), at=now))
        elif message is None:
            found.n_left_out += 1
        else:
            found.messages.append(message)
    return found


def dead_letter(bridge_id: UUID, received: Received, *, key: str, reason: str, at: datetime) -> BridgeDeadLetter:
    """Set a message aside, as it came."""
    return BridgeDeadLetter(
        bridge_id=bridge_id,
        key=fingerprint(key),
        message_key=as_id(key),
        body=received.body,
        headers=_plain(received.headers),
        about=_plain(received.about),
        problem=cleaned(received.problem),
        sent_at=received.at,
        at=at,
        reason=cleaned(reason),
    )


def _go_on(bridge_id: UUID, batch: Sequence[Received], known: Mapping[str, int]) -> None:
    latest = {received.place: received.position for received in batch if received.position is not None}
    if gone := [place for place, at in latest.items() if at is FORGOTTEN]:
        Position.objects.filter(bridge_id=bridge_id, place__in=gone).delete()
    latest = {place: at for place, at in latest.items() if at is not FORGOTTEN}
    ahead = {place: at for place, at in latest.items() if type(at) is not int or at > known.get(place, -1)}
    if ahead:
        write_positions(bridge_id, ahead)


def _remember(session: Session, fresh: Sequence[Received], *, now: datetime) -> None:
    """Remember what has no coordinates, until the broker surely knows that it is stored."""
    marks = [_mark(received) for received in fresh if not received.key]
    if not marks:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbound_unsettled (bridge_id, fingerprint, stored_at) "
            "SELECT %s, mark, %s FROM unnest(%s::text[]) AS mark RETURNING id",
            [session.bridge_id, now, marks],
        )
        session.matched.update(pk for (pk,) in cursor.fetchall())


def _plain(said: Mapping[str, Any]) -> Any:
    """Make of headers, and of what a broker tells, what the database can hold, whatever it is."""
    try:
        return cleaned(orjson.loads(orjson.dumps(dict(said), default=str, option=orjson.OPT_NON_STR_KEYS)))
    except (TypeError, RecursionError):
        return {name: cleaned(str(value)[:MAX_TEXT]) for name, value in said.items() if name.isidentifier()}


def _mark(received: Received) -> str:
    """Name a message by what it says: what brokers add at a redelivery is left out."""
    headers = {name: value for name, value in received.headers.items() if not name.lower().startswith("x-")}
    said = repr((received.place, received.at, sorted(headers.items())))
    return fingerprint(said, received.body.decode("latin-1"))


def settled(session: Session) -> None:
    """Forget what the broker has just been told: what it delivers from now on is none of these, if it says the same."""
    if session.matched:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM inbound_unsettled WHERE id = ANY(%s)", [list(session.matched)])
        session.matched.clear()


def left_behind(bridge_id: UUID, *, before: datetime) -> int:
    """Forget what was stored before by readers that ended before the broker knew: it has delivered all of it again."""
    n_forgotten, _ = Unsettled.objects.filter(bridge_id=bridge_id, stored_at__lt=before).delete()
    return n_forgotten
