"""Dates of people, and schedules: what no event says, a clock does, each once, however late it is.

A row for each such trigger of a flow that is on says when it is next to be looked at. What came while nobody looked is
made up for, dates of a day at most; of a schedule only the last time counts. Each page of people is a transaction, with
how far it got; whoever does one twice lets nobody in twice, as the run's key names the occasion.
"""

import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone

from apps.core import claims, locks
from apps.core.claims import Lease
from apps.core.ids import NIL
from apps.flows.definition.parts import DateTrigger, ScheduleTrigger
from apps.flows.engine.graph import Compiled
from apps.flows.models import Clock
from apps.flows.triggers import letting_in, occasions, trigger_index
from apps.flows.triggers.letting_in import Cause, Entered
from apps.flows.triggers.occasions import Occasion

logger = logging.getLogger(__name__)
_TURN: Final = "flow clocks"
PAGE: Final = 500
REST: Final = timedelta(minutes=10)  # before a trigger is looked at again whose version cannot be used


class Ticking(NamedTuple):
    """A trigger that a clock looks at."""

    compiled: Compiled
    part: DateTrigger | ScheduleTrigger

    @property
    def meaning(self) -> dict[str, Any]:
        """What begins anew where it changes."""
        return {"kind": self.part.kind, "zone": self.compiled.zone, **vars(self.part)}


Place = tuple[UUID, str]  # a flow, and its trigger


def _ticking() -> dict[Place, Ticking]:
    return {
        (compiled.flow_id, trigger.part.id): Ticking(compiled, trigger.part)
        for compiled in trigger_index.current.latest().flows
        for trigger in compiled.triggers
        if isinstance(trigger.part, DateTrigger | ScheduleTrigger) and compiled.flow_id
    }


def wind_up(*, now: datetime) -> None:
    """Let there be a clock for each trigger of a flow that is on that needs one, and no other; one process at a time.

    A new one, and one whose meaning has changed, counts from now on.
    """
    with transaction.atomic():
        if not locks.try_by_name(_TURN):
            return
        known = {(row.flow_id, row.trigger): row for row in Clock.objects.order_by("id")}
        ticking = _ticking()
        Clock.objects.filter(pk__in=[row.pk for place, row in known.items() if place not in ticking]).delete()
        for place, each in ticking.items():
            row = known.get(place) or Clock(flow_id=place[0], trigger=place[1])
            if row.meaning != each.meaning:
                try:
                    next_at = occasions.next_after(each.part, each.compiled.zone, now)
                except Exception:  # the clocks of all others go on
                    logger.exception("A clock of a flow cannot be wound up", extra={"flow": each.compiled.flow})
                    continue
                row.meaning, row.done_until, row.position = each.meaning, now, {}
                row.leases += 1  # whoever is at it just now sees that it is no longer theirs
                row.postpone(next_at)
                row.save()


def run_due(*, now: datetime, secs: float) -> Entered:
    """Let people enter whose date, or time, has come, for so long; safe to run twice, also at once.

    What is not done by then goes on with the next call, once the lease is over.
    """
    deadline = time.monotonic() + secs
    found = Entered()
    while time.monotonic() < deadline:
        leases = claims.claim(Clock, 1, now=now)
        if not leases:
            break
        try:
            while (entered := _step(leases[0], now=now)) is not None and time.monotonic() < deadline:
                found.add(entered)
        except OperationalError:
            raise  # the database is away or too busy: that is no fault of the trigger
        except Exception:  # one that cannot be looked at must not take the others with it; it is due again
            logger.exception("A clock of a flow failed", extra={"clock": str(leases[0].pk)})
    return found


def _step(lease: Lease, *, now: datetime) -> Entered | None:
    """Do a page of what is due of a clock; None where nothing is left of it, or it is no longer ours."""
    with transaction.atomic():
        row = Clock.objects.filter(pk=lease.pk).first()
        found = _ticking().get((row.flow_id, row.trigger)) if row else None
        if row is None or found is None or found.meaning != row.meaning:
            _settle(lease, until=now + REST)  # `wind_up` will see to it
            return None
        until = datetime.fromisoformat(row.position["until"]) if row.position else now
        due = occasions.due(found.part, found.compiled.zone, after=row.done_until, until=until)
        number = row.position.get("number", 0)
        if number >= len(due):
            next_at = occasions.next_after(found.part, found.compiled.zone, until)
            _settle(lease, until=next_at, done_until=until)
            return None
        after = UUID(row.position["after"]) if row.position else NIL
        entered, last = _page(Cause(found.compiled, row.trigger), due[number], after=after, now=now)
        place = {"number": number, "after": str(last)} if last else {"number": number + 1, "after": str(NIL)}
        return entered if _go_on(lease, {**place, "until": until.isoformat()}) else None


def _page(cause: Cause, occasion: Occasion, *, after: UUID, now: datetime) -> tuple[Entered, UUID | None]:
    """Let a page of people enter, and return after whom the next one begins."""
    cause = replace(cause, event=occasion.event, occasion=occasion.name)
    if occasion.is_of_nobody:
        return letting_in.nobody(cause, now=now), None
    page = occasion.page(after=after, size=PAGE)
    entered = letting_in.people(page.ids, cause, now=now) if page.ids else Entered()
    return entered, page.last


def _go_on(lease: Lease, position: dict[str, Any]) -> bool:
    """Note how far we are, and renew the lease; where it is no longer ours, nothing of the page has happened."""
    rows = claims.held(Clock, [lease])
    if not rows:
        transaction.set_rollback(True)
        return False
    rows[0].position = position
    claims.write(rows, "position")
    claims.renew(Clock, [lease], now=timezone.now())
    return True


def _settle(lease: Lease, *, until: datetime, done_until: datetime | None = None) -> None:
    """Let a clock rest until it is to be looked at again."""
    rows = claims.held(Clock, [lease])
    for row in rows:
        row.postpone(until)
        row.position, row.done_until = {}, done_until or row.done_until
    claims.write(rows, "position", "done_until")
