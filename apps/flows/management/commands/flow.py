"""Look after flows from the command line."""

import json
import os
import sys
from argparse import FileType
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.conditions.nearest import nearest
from apps.core import reading
from apps.core.arguments import at_least_one
from apps.core.audit import COMMAND
from apps.core.ids import as_uuid
from apps.core.mistakes import DefinitionError
from apps.flows import definition, jobs, segmenting
from apps.flows.changing import portable, publishing, switching
from apps.flows.changing.publishing import Changed, NotNow, People, Tries
from apps.flows.definition import Problems
from apps.flows.describing import difference, figures, summary, words
from apps.flows.management import ready_lines, simulation_lines, trial_lines
from apps.flows.models import Flow, Run, Step
from apps.flows.runs import pausing, pending
from apps.flows.runs.pausing import Policy
from apps.flows.triggers import starting
from apps.flows.triggers.letting_in import Entered
from apps.flows.trying.cases import CasesFail

N_PENDING: Final = 100
RESUME: Final = (
    "shift (unless you say otherwise): everybody waits on as long as was left; now: what was due is done now; "
    "drop: who was due leaves"
)
VERBS: Final[dict[str, Callable[..., int]]] = {
    "run-now": jobs.run_now,
    "skip": jobs.skip,
    "cancel": jobs.cancel,
    "revive": jobs.revive,
}


class Command(BaseCommand):
    """List, show, check, publish, switch, export and import flows; look at runs, and at who waits."""

    help = "Look after flows: manage.py flow show KEY"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an action, and what it is about."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="print all flows, one line of JSON each")
        actions.add_parser("show", help="say what a flow does, and how people go through it").add_argument("key")
        checking = actions.add_parser("check", help="tell all mistakes of a draft, or of a definition in a file")
        checking.add_argument("key", nargs="?", default="")
        checking.add_argument(
            "--file", type=FileType("rb"), help="a definition, or an exported flow; - is standard input"
        )
        publish = actions.add_parser("publish", help="make the draft the version that people enter")
        publish.add_argument("key")
        publish.add_argument("--people", choices=[each.value for each in People], default=People.FINISH.value)
        publish.add_argument("--note", default="", help="what has changed")
        publish.add_argument("--dry-run", action="store_true", help="say what would change, and for whom")
        publish.add_argument("--ignore-cases", action="store_true", help="though cases of it fail")
        trial_lines.arguments(actions)
        simulation_lines.arguments(actions)
        actions.add_parser("export", help="print a flow as a file").add_argument("key")
        bringing = actions.add_parser("import", help="take a flow from a file, as a draft")
        bringing.add_argument("file", type=FileType("rb"), help="as export prints it; - is standard input")
        bringing.add_argument("--replace", action="store_true", help="it may be the draft of a flow of that key")
        ready_lines.arguments(actions)
        for verb, told in (("on", "let people enter"), ("off", "let nobody enter"), ("pause", "let it rest")):
            actions.add_parser(verb, help=told).add_argument("key")
        resume = actions.add_parser("resume", help="let a paused flow go on")
        resume.add_argument("key")
        resume.add_argument(
            "--policy", choices=[each.value for each in Policy], default=Policy.SHIFT.value, help=RESUME
        )
        start = actions.add_parser("start", help="let a person enter, all of a segment, or begin a run about nobody")
        start.add_argument("key")
        start.add_argument("--person", default="", metavar="ID")
        start.add_argument("--segment", default="", metavar="KEY")
        start.add_argument(
            "--payload", type=FileType("rb"), help="JSON: nodes read it as payload@; - is standard input"
        )
        start.add_argument("--dry-run", action="store_true", help="of a segment: say whom it would reach")
        passing = actions.add_parser("pass-now", help="go through everybody, where a flow is over everybody")
        passing.add_argument("key")
        waiting = actions.add_parser("pending", help="print who waits in flows, and let them go on, skip or end")
        waiting.add_argument("key", nargs="?", default="")
        waiting.add_argument("--node", default="", help="at this node alone")
        waiting.add_argument("--run", action="append", default=[], metavar="ID", help="of these runs alone")
        waiting.add_argument("--given-up", action="store_true", help="those that were given up, and not who waits")
        waiting.add_argument("--limit", type=at_least_one, default=N_PENDING, help="so many at most")
        waiting.add_argument("--do", choices=list(VERBS), help="with all that are printed")
        actions.add_parser("run", help="print a run with its steps").add_argument("id")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run the action."""
        try:
            self._print(self._actions()[action](**options))
        except DefinitionError as error:
            raise CommandError(f"{error.field}: {error.message}") from None
        except Problems as error:
            raise CommandError("\n".join(map(str, error.problems))) from None
        except (Changed, NotNow, CasesFail) as error:
            raise CommandError(str(error)) from None

    def _actions(self) -> dict[str, Callable[..., Iterable[str]]]:
        return {
            **{"list": self._list, "show": self._show, "check": self._check, "publish": self._publish},
            **{"export": self._export, "import": self._import, "on": self._on, "off": self._off},
            **{"pause": self._pause, "resume": self._resume, "start": self._start},
            **{"pass-now": self._pass_now, "pending": self._pending, "run": self._run, "ready": ready_lines.lines},
            **{"try": trial_lines.tried, "test": trial_lines.tested, "simulate": simulation_lines.simulated},
        }

    def _list(self, **_options: Any) -> Iterable[str]:
        rows = list(Flow.objects.select_related("version").order_by("key"))
        found = figures.overviews([row.pk for row in rows], now=timezone.now())
        for row in rows:
            yield json.dumps(_line(row, found.get(row.pk, figures.Overview())))

    def _show(self, *, key: str, **_options: Any) -> Iterable[str]:
        yield from summary.lines(_named(key))

    def _check(self, *, key: str, file: Any, **_options: Any) -> Iterable[str]:
        if bool(key) == bool(file):
            raise CommandError("Either the KEY of a flow, or --file.")
        row = _named(key) if key else Flow(key="new", name="New")
        document = row.draft if key else _read(file)
        if isinstance(document, dict) and "format" in document:
            row.kind, document = document.get("kind", row.kind), portable.definition_in(document)
        problems = definition.check(document, row)
        for each in problems:
            if each.is_warning:
                self.stderr.write(f"Warning: {each}")
        mistakes = [each for each in problems if not each.is_warning]
        if mistakes:
            raise Problems(mistakes)
        yield "No mistakes."

    def _publish(
        self, *, key: str, people: str, note: str, dry_run: bool, ignore_cases: bool, **_options: Any
    ) -> Iterable[str]:
        row = _named(key)
        if row.version:
            yield from difference.in_words(row.version.definition, row.draft)
        for each in publishing.inside(row, row.draft):
            yield f"{each.n} at {each.name} ({each.node}) of version {each.version}" + (
                "" if each.is_kept else ": gone"
            )
        if dry_run:
            publishing.refuse_mistakes(row.draft, row)
            is_same = row.version is not None and row.version.definition == row.draft
            yield "Nothing would change." if is_same else "It can be published. Nothing was: this was a look."
            return
        version = publishing.publish(
            row.pk,
            revision=row.draft_revision,
            people=People(people),
            note=note,
            tries=Tries.of(ignores_cases=ignore_cases, sees_people=True),
            actor=COMMAND,
            now=timezone.now(),
        )
        yield f"Version {version.number} is published. The flow is {row.state}."

    def _export(self, *, key: str, **_options: Any) -> Iterable[str]:
        row = _named(key)
        yield portable.written(portable.export(row, row.draft))

    def _import(self, *, file: Any, replace: bool, **_options: Any) -> Iterable[str]:
        found = _read(file)
        key = found.get("key") if isinstance(found, dict) else None
        if not replace and isinstance(key, str) and Flow.objects.filter(key=key).exists():
            raise CommandError(f"There is a flow {key} already: --replace puts this in the place of its draft.")
        row = portable.bring(found, replaces=replace, actor=COMMAND, now=timezone.now())
        for each in definition.check(row.draft, row):
            self.stderr.write(f"{'Warning' if each.is_warning else 'Mistake'}: {each}")
        yield f"{row.key} is here, as a draft."

    def _on(self, *, key: str, **_options: Any) -> Iterable[str]:
        yield _state(switching.switch_on(_named(key).pk, actor=COMMAND, now=timezone.now()))

    def _off(self, *, key: str, **_options: Any) -> Iterable[str]:
        yield _state(switching.switch_off(_named(key).pk, actor=COMMAND, now=timezone.now()))

    def _pause(self, *, key: str, **_options: Any) -> Iterable[str]:
        yield _state(switching.pause(_named(key).pk, actor=COMMAND, now=timezone.now()))

    def _resume(self, *, key: str, policy: str, **_options: Any) -> Iterable[str]:
        switching.resume(_named(key).pk, policy=Policy(policy), actor=COMMAND, now=timezone.now())
        row = _named(key)
        yield f"{key} goes on as soon as everybody inside was seen to." if pausing.is_resuming(row) else _state(row)

    def _start(
        self, *, key: str, person: str, segment: str, payload: Any, dry_run: bool, **_options: Any
    ) -> Iterable[str]:
        if (person and segment) or (dry_run and not segment):
            raise CommandError("Either --person or --segment; --dry-run is for a segment.")
        row, brought = _named(key), _read(payload) if payload else None
        if dry_run:
            yield json.dumps(asdict(starting.estimate(row, segment)))
            return
        with transaction.atomic():
            if segment:
                starting.note(row, actor=COMMAND, segment=segment)
                task = starting.start_segment(row, segment, by=COMMAND.name, payload=brought)
                yield f"They enter page by page: task {task.pk}."
                return
            if person:
                named = _id(person, "of a person (--person): their page has it")
                entered = starting.start_one(row, named, by=COMMAND.name, payload=brought)
            else:
                entered = starting.start_nobody(row, by=COMMAND.name, payload=brought)
            starting.note(row, actor=COMMAND, person=as_uuid(person), n_entered=len(entered.runs))
        jobs.wake()
        yield from _entered(entered, person)

    def _pass_now(self, *, key: str, **_options: Any) -> Iterable[str]:
        task = segmenting.begin_now(_named(key).pk, actor=COMMAND, now=timezone.now())
        yield f"Everybody goes through it, page by page: task {task.pk}."

    def _pending(self, *, limit: int, do: str | None, **options: Any) -> Iterable[str]:
        if do and not (options["key"] or options["run"] or options["given_up"]):
            raise CommandError("--do: name a flow, or runs by --run.")
        found = _pending(**options).select_related("flow", "version")
        rows = list(found[:limit])
        yield from (json.dumps(_waiting(row)) for row in rows)
        if not rows:
            self.stderr.write("There are none.")
        elif len(rows) == limit and found[limit : limit + 1]:
            self.stderr.write(f"There are more than these {limit}: --limit.")
        if do:
            chosen = Run.objects.filter(pk__in=[row.pk for row in rows])
            yield f"{VERBS[do](chosen, actor=COMMAND, now=timezone.now())} of {len(rows)}: {do}."

    def _run(self, *, id: str, **_options: Any) -> Iterable[str]:
        row = Run.objects.select_related("flow", "version").filter(pk=_id(id)).first()
        if row is None:
            raise CommandError(f"There is no run {id}.")
        yield json.dumps({**_waiting(row), "state": row.state}, indent=2, default=str)
        for step in Step.objects.filter(run_id=row.pk).order_by("id"):
            yield json.dumps({"node": step.node, "port": step.port, "at": step.at, "told": step.told}, default=str)

    def _print(self, lines: Iterable[str]) -> None:
        try:
            for line in lines:
                self.stdout.write(line)
            self.stdout.flush()
        except BrokenPipeError:  # whoever read has read enough; nothing is to be written as Python ends, either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _pending(*, key: str, node: str, run: list[str], given_up: bool, **_options: Any) -> QuerySet[Run]:
    found = pending.dead() if given_up else pending.waiting()
    if key:
        found = found.filter(flow=_named(key))
    if node:
        found = found.filter(place=_node(node, key))
    return found.filter(pk__in=[_id(each) for each in run]) if run else found


def _node(node: str, key: str) -> str:
    """Return a node of any version of a flow, or of any flow. Raises CommandError where a flow has none such."""
    if not key:
        return node
    found = {name for version in _named(key).versions.all() for name in publishing.names_of(version.definition)}
    if node not in found:
        raise CommandError(f"--node: {key} has no node {node}. It has {', '.join(sorted(found)) or 'none'}.")
    return node


def _entered(entered: Entered, person: str) -> Iterable[str]:
    about, why_not = ("", words.why_not) if person else (", about nobody", words.why_not_nobody)
    yield from (f"Run {id} has begun{about}." for id in entered.runs)
    yield from (f"Nobody entered: {why_not(why)}." for why in entered.refused)


def _named(key: str) -> Flow:
    row = Flow.objects.select_related("version").filter(key=key).first()
    if row is None:
        known = list(Flow.objects.order_by("key").values_list("key", flat=True))
        meant = nearest(key, known)
        hint = f" Did you mean {meant}?" if meant else ""
        raise CommandError(f"There is no flow {key}.{hint} There are: {', '.join(known) or 'none'}.")
    return row


def _id(text: str, of: str = "of a run") -> UUID:
    found = as_uuid(text)
    if found is None:
        raise CommandError(f"{text} is no id {of}.")
    return found


def _read(file: Any) -> Any:
    try:
        return reading.loads(file.read())
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{file.name}: This is no JSON. {reading.told(error)}") from None


def _state(row: Flow) -> str:
    return f"{row.key} is {row.state}."


def _line(row: Flow, overview: figures.Overview) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "state": row.state,
        "version": row.version.number if row.version else None,
        "draft_revision": row.draft_revision,
        "inside": overview.n_inside,
        "ended_in_24_hours": overview.n_ended,
        "failed_of_these": overview.n_failed,
    }


def _waiting(row: Run) -> dict[str, Any]:
    def time(at: datetime | None) -> str | None:
        return at.isoformat() if at else None

    return {
        "run": str(row.pk),
        "flow": row.flow.key,
        "version": row.version.number,
        "profile_id": str(row.profile_id) if row.profile_id else None,
        "status": Run.Status(row.status).name.lower(),
        "place": row.place,
        "due_at": time(row.due_at) if pending.waits_for_time(row) else None,
        "is_paused": row.flow.state == Flow.State.PAUSED,
        "started_at": time(row.started_at),
        "reason": row.reason,
        "error": row.error,
    }
