"""What nodes ask of the database is answered as of the time in the story; what answers would keep is kept in memory.

Kinds of which nothing stays (see runs/answers) are answered by what answers runs. The others count and remember here:
of a person for the whole of their story, as all runs of theirs would; of what people share as well as can be said while
one person is gone through after the other.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from apps.conditions import Context, truth, value
from apps.conditions.tree import Node
from apps.core.fetch import new
from apps.core.ids import digest
from apps.flows.contacting import contacts
from apps.flows.engine.graph import Compiled
from apps.flows.engine.moves import Ask
from apps.flows.engine.outcome import Question
from apps.flows.models import Assignment, Run
from apps.flows.runs import answers
from apps.flows.runs.answers import Asked, last_values, past, records, shared_values
from apps.flows.runs.subjects import Nobody
from apps.flows.simulating.counts import Counts
from apps.flows.simulating.known_people import Somebody
from apps.segments import language

MAX_WINDOWS: Final = 10_000  # of limits that people share
_OF_TODAY: Final = frozenset({"people", "past_session"})


@dataclass(slots=True, eq=False)
class Asker:
    """A run, and what it alone remembers."""

    run_id: UUID
    subject: Somebody | Nobody
    shared: dict[str, Any] = field(default_factory=dict)  # by key; null: forgotten
    records: dict[tuple[str, str], Mapping[str, Any] | None] = field(default_factory=dict)  # null: deleted


@dataclass(slots=True)
class _Memory:
    """What all runs of a person remember."""

    passed: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))  # by the key of a limit
    turns: dict[str, datetime] = field(default_factory=dict)
    written: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))  # by channel
    booked: set[UUID] = field(default_factory=set)
    branches: dict[str, str] = field(default_factory=dict)  # by node
    seen: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)  # by node: a digest, and until when


class Answers:
    """Answers the questions of the people of a page, one person after the other."""

    def __init__(
        self, compiled: Compiled, counts: Counts, ids: list[UUID], *, since: datetime, until: datetime
    ) -> None:
        self._compiled, self._counts, self._ids, self._since, self._until = compiled, counts, ids, since, until
        self._memory = _Memory()
        self._drawn: dict[tuple[str, UUID], str] | None = None
        self._pasts: dict[Node, Mapping[UUID | None, Any]] = {}

    def next_person(self) -> None:
        """Forget what the person before had."""
        self._memory = _Memory()

    def answer(self, asker: Asker, question: Question, *, now: datetime) -> Any:
        """Answer a question as of a time in the story."""
        kind, about = question.ask.kind, question.ask.about
        own = self.OWN.get(kind)
        if own is not None:
            return own(self, asker, question, now)
        if kind == "past_event" and "stored_since" in about:
            return []  # nobody is late here: what comes is met as it comes
        if kind in _OF_TODAY:
            self._counts.noted[kind] += 1
        return self._real(asker, question, now)

    def _real(self, asker: Asker, question: Question, now: datetime, ask: Ask | None = None) -> Any:
        """Answer as a run is answered; another question of the same node, where one is named."""
        asked = question if ask is None else question._replace(ask=ask)
        [found] = answers.answer([self._asked(asker, asked, now)])
        return found

    def _asked(self, asker: Asker, question: Question, now: datetime) -> Asked:
        profile_id = asker.subject.profile_id
        run = new(
            Run,
            id=asker.run_id,
            flow_id=self._compiled.flow_id,
            profile_id=profile_id,
            original_profile_id=profile_id,
            started_at=now,
            state={},
        )
        return Asked(run, asker.subject, question, self._compiled, now, held=set())  # type: ignore[arg-type]

    # --- what is kept of a person

    def _limit(self, asker: Asker, question: Question, now: datetime) -> bool:
        about, window = question.ask.about, timedelta(seconds=question.ask.about["window_secs"])
        if not _is_theirs(asker, about["key"]):
            return self._shared_limit(about, now)
        passed = self._memory.passed[about["key"]]
        if sum(at > now - window for at in passed) >= about["limit"]:
            return False
        passed.append(now)
        return True

    def _shared_limit(self, about: Mapping[str, Any], now: datetime) -> bool:
        """Let so many pass in each window of the calendar: nobody knows here who was first."""
        counts = self._counts
        counts.noted["shared_limit"] += 1
        key = f"{about['key']} {int(now.timestamp() // about['window_secs'])}"
        if key not in counts.windows and len(counts.windows) >= MAX_WINDOWS:
            return True
        counts.windows[key] += 1
        return counts.windows[key] <= int(about["limit"])

    def _slot(self, asker: Asker, question: Question, now: datetime) -> str:
        about = question.ask.about
        if not _is_theirs(asker, about["key"]):
            self._counts.noted["shared_slot"] += 1
            return now.isoformat()
        turn = max(self._memory.turns.get(about["key"], now), now)
        self._memory.turns[about["key"]] = turn + timedelta(seconds=about["every_secs"])
        return turn.isoformat()

    def _contact(self, asker: Asker, question: Question, now: datetime) -> dict[str, Any]:
        profile_id = asker.subject.profile_id
        if profile_id is None:
            return {}
        memory, rules = self._memory, contacts.rules.get()
        asked = contacts.Question(
            run_id=asker.run_id,
            node=question.node,
            visit=question.visit,
            profile_id=profile_id,
            raw_id=profile_id,
            hours=self._compiled.quiet_hours,
            **question.ask.about,
        )
        until = contacts.quiet_until(asked, rules.hours, now=now)
        if until:
            return {"quiet_secs": (until - now).total_seconds()}
        if asked.key in memory.booked:
            return {}
        if rules.caps:
            self._counts.noted["caps"] += 1
        cap = contacts.reached(rules.caps, asked.channel, memory.written, now=now)
        if cap:
            return {"capped_by": str(cap)}
        memory.booked.add(asked.key)
        memory.written[asked.channel].append(now)
        return {}

    def _assignment(self, asker: Asker, question: Question, now: datetime) -> str:
        """Return the branch that somebody has, be it one that they drew in a real run."""
        node, branch = question.node, str(question.ask.about["branch"])
        profile_id = asker.subject.profile_id
        flow_id = self._compiled.flow_id
        if profile_id is None or flow_id is None:
            return branch
        if self._drawn is None:
            rows = Assignment.objects.filter(flow_id=flow_id, profile_id__in=self._ids)
            self._drawn = {(node, id): drawn for node, id, drawn in rows.values_list("node", "profile_id", "branch")}
        return self._memory.branches.setdefault(node, self._drawn.get((node, profile_id), branch))

    def _changed(self, asker: Asker, question: Question, now: datetime) -> str:
        about, seen = question.ask.about, self._memory.seen
        self._counts.noted["changed"] += 1
        if asker.subject.profile_id is None:
            return last_values.FIRST
        before = seen.get(question.node)
        is_known = before is not None and (before[1] is None or before[1] > now)
        if is_known and before and before[0] == about["digest"]:
            return last_values.SAME
        secs = about["within_secs"]
        seen[question.node] = (about["digest"], None if secs is None else now + timedelta(seconds=secs))
        return last_values.CHANGED if is_known else last_values.FIRST

    # --- what a run sees alone

    def _shared(self, asker: Asker, question: Question, now: datetime) -> dict[str, Any]:
        key = question.ask.about["key"]
        if key not in asker.shared:
            self._counts.noted["shared"] += 1
            found = self._real(asker, question, now, Ask("shared", {"key": key}))
            asker.shared[key] = found.get("value")
        said = asker.shared[key]
        return {} if said is None else {"value": said}

    def _share(self, asker: Asker, question: Question, now: datetime) -> dict[str, Any]:
        about = question.ask.about
        new_value = None if about["do"] == shared_values.FORGET else about["value"]
        if about["do"] == shared_values.ADD:
            before = self._shared(asker, question, now).get("value", 0)
            if isinstance(before, bool) or not isinstance(before, int | float):
                return {"refused": shared_values.NO_NUMBER}
            new_value = before + about["value"]
        self._counts.noted["shared"] += 1
        asker.shared[about["key"]] = new_value
        return {"value": new_value}

    def _records(self, asker: Asker, question: Question, now: datetime) -> list[dict[str, Any]]:
        """Return what is stored today, and what the run has saved, without what it has deleted."""
        about = question.ask.about
        self._counts.noted["records"] += 1
        stored = self._real(asker, question, now, Ask("records", {"kind": about["kind"], "name": about["name"]}))
        own = {
            name: data
            for (kind, name), data in asker.records.items()
            if kind == about["kind"] and about["name"] in (None, name)
        }
        saved = [{"name": name, "data": data, "saved_at": now.isoformat()} for name, data in own.items() if data]
        return [*saved, *(each for each in stored if each["name"] not in own)]

    def _record(self, asker: Asker, question: Question, now: datetime) -> dict[str, Any]:
        about = question.ask.about
        before = self._records(asker, question, now) if about["do"] == records.COMPLETE else []
        known = before[0]["data"] if before else {}
        is_gone = about["do"] == records.DELETE
        asker.records[about["kind"], about["name"]] = None if is_gone else {**known, **about["data"]}
        return {}

    # --- what has happened before

    def _holds(self, asker: Asker, question: Question, now: datetime) -> bool | None:
        tree = past.parsed(question.ask.about["condition"])
        return truth(tree)(question.scope, self._context(asker, tree, now))

    def _counted(self, asker: Asker, question: Question, now: datetime) -> Any:
        tree = past.parsed_value(question.ask.about["value"])
        return past.as_json(value(tree)(question.scope, self._context(asker, tree, now)))

    def _context(self, asker: Asker, tree: Node, now: datetime) -> Context:
        """Return by what it is judged: the past as it was then, read once for all people of a page."""
        if tree not in self._pasts:
            self._pasts[tree] = (
                past.histories(self._ids, (tree,), now=self._until, since=self._since) if self._ids else {}
            )
        events = self._pasts[tree].get(asker.subject.profile_id, ())
        return Context(now, language.history([each for each in events if each["time"] <= now]))

    OWN: ClassVar[Mapping[str, Callable[["Answers", Asker, Question, datetime], Any]]] = {
        **{"limit": _limit, "slot": _slot, "contact": _contact, "assignment": _assignment, "changed": _changed},
        **{"shared": _shared, "share": _share, "records": _records, "record": _record},
        **{"holds": _holds, "counted": _counted},
    }


def _is_theirs(asker: Asker, key: str) -> bool:
    """Tell whether a key is one of the person alone."""
    return asker.subject.profile_id is not None and key.endswith(f":{asker.subject.profile_id}")


def run_id_of(simulation: str, seed: int, *parts: str) -> UUID:
    """Return the id of a run of a simulation, by which chance is drawn: the same for the same seed."""
    return digest("simulated run", simulation, str(seed), *parts)
