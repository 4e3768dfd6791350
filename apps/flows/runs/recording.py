"""What has become of a batch of runs is written: a statement a table, in the transaction that holds their people."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.bridges import outbox
from apps.bridges.models import Delivery
from apps.core import claims, storable
from apps.core.fetch import new
from apps.core.ids import new_id
from apps.core.upsert import insert_new
from apps.events.store import emitting
from apps.events.store.emitting import Emission
from apps.flows.engine import chains, state
from apps.flows.engine.outcome import Outcome
from apps.flows.models import Run, Wait
from apps.flows.runs import awaited, children, entering, leaving, run_counts, subjects
from apps.flows.runs.leaving import ORIGIN
from apps.flows.runs.loading import Batch, Waiting
from apps.profiles import consents

COLUMNS: Final = ("state", "status", "reason", "place", "ended_at", "goal_at", "held_due_at", "version_id")
_FORGET: Final = "DELETE FROM flows_wait WHERE id = ANY(%s)"
_TAKEN: Final = "UPDATE flows_wait SET met = '[]' WHERE id = ANY(%s)"
_STEPS: Final = "COPY flows_step (id, run_id, node, visit, at, port, took_us, told, error) FROM STDIN"
# Of tokens that do not wait any longer these go; a delivery that is waited for still counts for one that waits anew.
_THEIR_OWN: Final = (Run.Status.FINISHED, Run.Status.FAILED)  # ends, to which nodes have led
_STARTED: Final = (Wait.Kind.DELIVERY, Wait.Kind.CHILD)  # `type` is the id of what the run has started
_ANEW: Final = frozenset({Wait.Kind.EVENT, Wait.Kind.EXIT, Wait.Kind.GOAL})
_OF_TOKENS: Final = frozenset({Wait.Kind.EVENT, Wait.Kind.DELIVERY, Wait.Kind.CHILD, Wait.Kind.SKIP})


@dataclass(slots=True)
class Result:
    """A batch that has been advanced, before it is written."""

    batch: Batch
    outcomes: list[tuple[Run, Outcome]] = field(default_factory=list)
    others: list[Run] = field(default_factory=list)  # which were not advanced: held, put off, given up


def write(result: Result, *, are_new: bool = False) -> None:
    """Write it all; people first, and counts, for which all workers wait, last.

    `are_new`: nobody has written the runs yet.
    """
    batch, outcomes = result.batch, result.outcomes
    _settle_all(outcomes, now=batch.now)
    _call_off(outcomes, now=batch.now)
    subjects.write(batch.people.values(), now=batch.now, chains=_chains(outcomes))
    rows = [*_deliveries(outcomes, now=batch.now), *children.start(outcomes, now=batch.now)]
    rows += [row for run, outcome in outcomes for row in _awaiting(run, outcome, batch.waits.get(run.id, ()))]
    _forget(result)
    awaited.note(row.type for row in rows if row.kind in _ANEW)
    insert_new(Wait, rows)
    _steps(outcomes)
    _emit(outcomes, now=batch.now)
    runs = [run for run, _ in outcomes] + result.others
    if not are_new:
        claims.write(runs, *COLUMNS)
    ended = [run for run in runs if run.ended_at == batch.now]
    children.tell_parents(ended, now=batch.now)
    new_runs = (entering.INSERT, entering.rows(runs)) if are_new else None
    run_counts.count(_endings(ended), _counts(outcomes), now=batch.now, beside=new_runs)


def _call_off(outcomes: Iterable[tuple[Run, Outcome]], *, now: datetime) -> None:
    """Stop what runs that were ended on their way have planned before, waited for or not; what they plan now goes."""
    left = [run.id for run, outcome in outcomes if outcome.ending and outcome.ending.status not in _THEIR_OWN]
    if left:
        outbox.cancel(ORIGIN, left, now=now)


def _settle_all(outcomes: Iterable[tuple[Run, Outcome]], *, now: datetime) -> None:
    for run, outcome in outcomes:
        _settle(run, outcome, now=now)


def _settle(run: Run, outcome: Outcome, *, now: datetime) -> None:
    """Let a run's row say what has become of it."""
    run.state = state.write(outcome.state)
    run.place, run.held_due_at = outcome.place, None
    if outcome.compiled.version_id not in (None, run.version_id):
        run.version_id = outcome.compiled.version_id
    if outcome.goals:
        run.goal_at = run.goal_at or now
    if outcome.ending is None:
        assert outcome.due_at is not None
        run.postpone(outcome.due_at + run.behind)
    else:
        run.status, run.reason, run.ended_at = outcome.ending.status, outcome.ending.reason, run.ended_at or now
        run.end()


def _chain(outcome: Outcome) -> int:
    """Say how many flows in a row have led to what a run does."""
    return chains.after(outcome.state.event, outcome.state.chain)


def _chains(outcomes: Iterable[tuple[Run, Outcome]]) -> dict[UUID, int]:
    """Say of people how many flows in a row have led to what is done to them."""
    found: dict[UUID, int] = {}
    for run, outcome in outcomes:
        if run.profile_id and (outcome.changes or outcome.memberships):
            found[run.profile_id] = max(found.get(run.profile_id, 0), _chain(outcome))
    return found


def _deliveries(outcomes: Iterable[tuple[Run, Outcome]], *, now: datetime) -> list[Wait]:
    """Plan deliveries, and return what waits for their ends.

    A visit that is tried again sends nothing twice: it waits for what it has sent, or is told at once how that ended.
    """
    rows, waiting = [], []
    for run, outcome in outcomes:
        for planned in outcome.deliveries:
            key, sent = planned.by.key(run.id), planned.sent
            rows.append(
                outbox.make(
                    sent.connection_id,
                    key,
                    dict(sent.request),
                    origin=ORIGIN,
                    now=now,
                    origin_id=run.id,
                    parent_id=run.flow_id,
                    profile_id=run.original_profile_id,  # it goes with the run, should a merge be undone
                )
            )
            if planned.token is not None:
                waiting.append((run, planned.token, key))
    stored = outbox.plan(rows)
    return [_until_ended(run, stored[key], token, now=now) for run, token, key in waiting]


def _until_ended(run: Run, row: Delivery, token: int, *, now: datetime) -> Wait:
    if row.ended_at:
        run.due_at = now
    return _wait(run, Wait.Kind.DELIVERY, str(row.pk), token, met=[leaving.said_of(row)] if row.ended_at else [])


def _wait(run: Run, kind: Wait.Kind, type: str, token: int, **values: Any) -> Wait:
    return new(Wait, run_id=run.id, profile_id=run.profile_id, kind=kind, type=type, token=token, **values)


def _awaiting(run: Run, outcome: Outcome, known: Iterable[Waiting]) -> Iterable[Wait]:
    stays = () if 0 in outcome.rewaiting else known
    if outcome.compiled.consents and outcome.ending is None and not any(row.type == consents.RECORDED for row in stays):
        # That one is withdrawn ends the run at once, and not at its next step.
        yield from (_wait(run, Wait.Kind.EXIT, type, 0) for type in sorted(consents.EVENT_TYPES))
    for each in outcome.waits:
        expires_at = each.expires_at + run.behind if each.expires_at else None
        match = dict(each.match) if each.match is not None else None
        yield _wait(run, each.kind, each.type, each.token, match=match, expires_at=expires_at)


def _forget(result: Result) -> None:
    """Delete what is not waited for any longer, and mark as seen what has happened."""
    known = list(_looked_at(result))
    if not known:
        return
    over = [(row, outcome) for row, outcome in known if _is_over(row, outcome)]
    seen = [row.id for row, outcome in known if row.met and not _is_over(row, outcome)]
    with connection.cursor() as cursor:
        if over:
            cursor.execute(_FORGET, [[row.id for row, _ in over]])
        if seen:
            cursor.execute(_TAKEN, [seen])
    _cancel(over, now=result.batch.now)


def _looked_at(result: Result) -> Iterator[tuple[Waiting, Outcome]]:
    """Yield what was waited for, but for that of tokens to which nobody has said yet what has happened."""
    for run, outcome in result.outcomes:
        for row in result.batch.waits.get(run.id, ()):
            if row.token not in outcome.unheard or outcome.ending:
                yield row, outcome


def _cancel(over: Iterable[tuple[Waiting, Outcome]], *, now: datetime) -> None:
    """Stop deliveries and runs for whose ends nobody waits any longer."""
    unheard = [row for row, outcome in over if not row.met and (outcome.ending or row.token in outcome.cancelled)]
    of_kind = {kind: [UUID(row.type) for row in unheard if row.kind == kind] for kind in _STARTED}
    leaving.cancel(of_kind[Wait.Kind.CHILD], now=now)
    outbox.cancel_some(of_kind[Wait.Kind.DELIVERY], now=now)


def _is_over(row: Waiting, outcome: Outcome) -> bool:
    if row.kind == Wait.Kind.GOAL and row.expires_at and 0 not in outcome.rewaiting:
        return False  # it may be reached after the end
    if outcome.ending or row.kind == Wait.Kind.SKIP:
        return True
    if row.token in outcome.unwaiting:
        return row.kind in _OF_TOKENS
    is_told = bool(row.met) and row.kind in _STARTED
    return is_told or (row.token in outcome.rewaiting and row.kind in _ANEW)


def _steps(outcomes: Iterable[tuple[Run, Outcome]]) -> None:
    """Append what happened at the nodes of runs that are traced."""
    told = [(run, step) for run, outcome in outcomes for step in outcome.steps]
    if not told:
        return
    # Django translates the errors of its cursors' own methods alone, and COPY is none of them.
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(_STEPS) as target:
        for run, step in told:
            detail, error = storable.dumps(dict(step.told)), storable.cleaned_text(step.error)
            target.write_row((new_id(), run.id, step.node, step.visit, step.at, step.port, step.took_us, detail, error))


def _emit(outcomes: Iterable[tuple[Run, Outcome]], *, now: datetime) -> None:
    emissions = [
        Emission(
            type=each.raised.type,
            profile_id=run.original_profile_id,
            key=each.by.key(run.id),
            time=now,
            properties=dict(each.raised.properties),
            session_id=run.session_id,
            chain=_chain(outcome),
            recorded=each.raised.recorded,
        )
        for run, outcome in outcomes
        for each in outcome.emissions
        if run.original_profile_id is not None
    ]
    emitting.emit(emissions, is_silent=False, now=now)


def _endings(ended: Iterable[Run]) -> list[run_counts.End]:
    return [(run.flow_id, run.version_id, run.status) for run in ended]


def _counts(outcomes: Iterable[tuple[Run, Outcome]]) -> dict[run_counts.Place, int]:
    """Say how often nodes were entered and left, by their versions."""
    by_version: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for run, outcome in outcomes:
        by_version[run.version_id] += outcome.counts
    return {(id, *place): n for id, counted in by_version.items() for place, n in Counter(counted).items()}
