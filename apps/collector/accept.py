"""The ways into the platform, and the only callers of the pipeline: process at once, or keep safe and process later.

Each returns once what it did is committed: then, and only then, a request is answered with success.
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from psycopg import errors

from apps.collector import pipeline
from apps.collector.envelope import Envelope
from apps.collector.grouping import TIMEOUT_SECS, Busy, Grouper
from apps.collector.payload import Payload, Way
from apps.collector.pipeline import process
from apps.collector.wire import Incoming, Message
from apps.collector.wire.parsed import Parsed
from apps.core.refusal import Refusal
from apps.events import sources
from apps.events.store import inbox
from cdp.logging import about

logger = logging.getLogger(__name__)
# What PostgreSQL says when a batch is too much for it: more locks than it has room for, a value too long for an index.
NO_ROOM = errors.OutOfMemory
TOO_MUCH = (NO_ROOM, errors.ProgramLimitExceeded)
# What it says where two transactions wait for each other: one of them is to begin anew.
DEADLOCK = errors.DeadlockDetected
# What it says when it serves, but takes nothing: it is a standby, or a primary that was replaced by one.
READ_ONLY = errors.ReadOnlySqlTransaction
# Each key of a batch is a lock in the server's memory, until the transaction ends: docs/scaling.md has the sums.
MAX_KEYS = 4_000
MAX_GROUP_BYTES = 1_000_000
RETRY_AFTER = timedelta(minutes=1)
TRIES = 3  # of a request by itself


class Failed(Exception):
    """A payload could not be processed, and it is our fault; nothing of it has happened."""


class _Excess(Exception):
    """More was claimed than one transaction should carry: the rest is to be free for others."""

    def __init__(self, n_fitting: int) -> None:
        super().__init__(n_fitting)
        self.n_fitting = n_fitting


def now(incoming: Incoming) -> Parsed:
    """Process a message and return what it was read to when that is stored; concurrent callers share one transaction.

    Raises Failed when this message cannot be processed, OperationalError when the database is away, and
    grouping.Busy when the group did not get through in time.
    """
    _processing.submit(incoming)
    if incoming.error:
        if is_away(incoming.error) or _lacks_room(incoming.error):  # those before this one may be stored
            raise incoming.error
        raise Failed from incoming.error
    return incoming.parsed


def later(incoming: Incoming, *, timeout_secs: float = TIMEOUT_SECS) -> None:
    """Put a message into the inbox and return when it is safe there; raises as `now` does.

    What is wrong in itself is refused now, for good, so that the sender can be told: see `parsed.refusals`. It is kept
    with the rest, as it came, and ends among the refused events.
    """
    _keeping.submit(checked(incoming), timeout_secs=timeout_secs)


def checked(incoming: Incoming) -> Message:
    """Return a message as it is to be kept: what is refused of it now stays so, for good."""
    check(incoming.parsed, at=incoming.message.envelope.received_at)
    return kept(incoming)


def check(*parsed: Parsed, at: datetime) -> None:
    """Refuse what is wrong in itself, and note what is odd, before anything is processed; no query."""
    pipeline.check([payload for each in parsed for payload in each.payloads], now=at)


def kept(incoming: Incoming) -> Message:
    """Return a message that was checked, with what was refused of it."""
    refusals = incoming.parsed.refusals
    return incoming.message.refused(refusals) if refusals else incoming.message


def refuse(message: Message, refusal: Refusal) -> None:
    """Keep a message of which nothing can be taken, for whoever wants to know why; its sender has had the answer."""
    try:
        _keeping.submit(message.refused([replace(refusal, index=None)]))
    except (DatabaseError, Busy):
        logger.warning("A refused message could not be kept", extra={"code": refusal.code})


def keep(messages: list[Message]) -> None:
    """Put messages into the inbox, in the caller's transaction; for producers that have many at once."""
    inbox.put([message.as_item() for message in messages])


def history(messages: list[Message], *, at: datetime) -> None:
    """Process messages of the past, in one transaction; for those who have no request to answer, as sample data."""
    process([payload for message in messages for payload in message.parse().payloads], now=at, way=Way.HISTORY)


def ingest(limit: int, *, at: datetime) -> int:
    """Process the oldest messages of the inbox, and return their number.

    Claim, processing and removal are one transaction: a message is there until all it did is stored, and gone after.
    One that fails on its own becomes a dead letter, with its error; what it shares the batch with goes on.
    """
    parsed: dict[int, Parsed] = {}
    while True:
        n_claimed, ids = 0, list[int]()
        try:
            with transaction.atomic():
                items, n_claimed = inbox.claim(limit)
                ids = [item.pk for item in items]
                if items:
                    with about(inbox_items=ids):
                        payloads = _read_all(items, parsed, n_claimed=n_claimed)
                        process(payloads, now=at, way=Way.INBOX)
                    inbox.done(ids)
                return len(items)
        except _Excess as excess:
            limit = excess.n_fitting
        except Exception as error:
            if is_away(error) or not n_claimed:
                raise
            logger.exception(
                "A batch of the inbox failed; its messages are tried one by one", extra={"inbox_items": ids}
            )
            # A transaction for each: locks are taken once in a transaction, or two processes wait for each other.
            return sum(_ingest_one(at=at) for _ in range(n_claimed))


def _read_all(items: list[inbox.Claimed], parsed: dict[int, Parsed], *, n_claimed: int) -> list[Payload]:
    """Read the items to payloads, and remember what was read for another try. Raises _Excess when they are too many."""
    payloads: list[Payload] = []
    n_keys = 0
    for n_fitting, item in enumerate(items):
        read = parsed.get(item.pk)
        if read is None:
            read = parsed[item.pk] = _read(item)
        n_keys += _n_keys(read)
        if n_keys > MAX_KEYS and n_fitting:
            raise _Excess(n_fitting)
        payloads += read.payloads
    if len(items) < n_claimed:
        raise _Excess(len(items))
    return payloads


def _n_keys(parsed: Parsed) -> int:
    """Count the keys of what was parsed, and one more for each event, as it may prove one."""
    return sum([len(payload.keys) + len(payload.events) for payload in parsed.payloads])


def _ingest_one(*, at: datetime) -> int:
    with transaction.atomic():
        items, _ = inbox.claim(1)
        for item in items:
            with about(inbox_items=[item.pk]):
                if _ingest_alone(item, at=at):
                    inbox.done([item.pk])
    return len(items)


def _ingest_alone(item: inbox.Claimed, *, at: datetime) -> bool:
    """Process what can be processed of one item; a repetition of the rest, once it is fixed, repeats nothing."""
    problem, is_starved = "", False
    try:
        payloads = _read(item).payloads
    except Exception as error:
        logger.exception("A message of the inbox cannot be read")
        inbox.give_up(item.pk, error=repr(error), at=at)
        return False
    for payload in payloads:
        try:
            with transaction.atomic():
                process([payload], now=at, way=Way.INBOX)
        except Exception as error:
            if is_away(error):
                raise
            logger.exception("A message of the inbox fails on its own")
            problem = repr(error)
            is_starved = _lacks_room(error)
    if is_starved:
        inbox.postpone(item.pk, error=problem, at=at, until=at + RETRY_AFTER)
    elif problem:
        inbox.give_up(item.pk, error=problem, at=at)
    return not problem


def is_away(error: Exception) -> bool:
    """Tell whether the database is at fault, and not what it was asked to do."""
    if isinstance(error.__cause__, READ_ONLY):
        return True
    return isinstance(error, OperationalError) and not isinstance(error.__cause__, (*TOO_MUCH, DEADLOCK))


def _lacks_room(error: Exception) -> bool:
    """Tell whether the server had no room for it just now: others may have taken it."""
    return isinstance(error.__cause__, NO_ROOM)


def _read(item: inbox.Claimed) -> Parsed:
    source = sources.find(item.source_id)
    if source is None:
        raise LookupError(f"source {item.source_id} no longer exists")
    envelope = Envelope(source, item.received_at, request_id=f"inbox-{item.pk}", **item.envelope)
    return Message(item.dialect, item.body.encode(), envelope).parse()


def _process_group(group: list[Incoming]) -> None:
    with about(request_ids=[incoming.request_id for incoming in group]):
        _process_together(group)


def _process_together(group: list[Incoming]) -> None:
    at = datetime.now(UTC)
    try:
        payloads = [payload for incoming in group for payload in incoming.parsed.payloads]
        outcome = process(payloads, now=at, way=Way.NOW)
    except Exception as error:
        if is_away(error):
            raise
        logger.exception("A group failed; its requests are tried one by one")
        for incoming in group:
            with about(request_ids=[incoming.request_id]):
                _process_alone(incoming, at=at)
    else:
        for incoming in group:
            incoming.outcome = outcome


def _process_alone(incoming: Incoming, *, at: datetime) -> None:
    # IntegrityError: another process stored the same message just now; the second time we see it.
    for n_left in reversed(range(TRIES)):
        try:
            incoming.parsed = incoming.message.parse()
            incoming.outcome = process(incoming.parsed.payloads, now=at, way=Way.NOW)
        except IntegrityError as error:
            incoming.error = error
        except Exception as error:
            if isinstance(error.__cause__, DEADLOCK) and n_left:
                continue
            logger.exception("A request fails on its own")
            incoming.error = error
            return
        else:
            incoming.error = None
            return
    logger.error("A request breaks a rule of the database", exc_info=incoming.error)


_processing: Grouper[Incoming] = Grouper(
    _process_group, name="track", weigh=lambda incoming: _n_keys(incoming.parsed), room=MAX_KEYS
)
_keeping: Grouper[Message] = Grouper(keep, name="inbox", weigh=lambda message: len(message.body), room=MAX_GROUP_BYTES)
