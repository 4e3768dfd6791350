"""Run heartbeats from the command line: those that are due, as the machine's cron does, or one at once."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.conditions.durations import in_words
from apps.conditions.nearest import nearest
from apps.core import audit, beats
from apps.core.mistakes import DefinitionError
from apps.events.models import Source
from apps.heartbeats import definitions, running
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.preview import preview
from apps.heartbeats.running import AlreadyRunning, Outcome, SwitchedOff
from apps.heartbeats.strategy import strategies
from apps.profiles.models import ConsentType
from apps.segments.models import Segment

BY = "command"
# The flags of one on the spot. None of them has a default: what was given is obeyed, or refused.
SPOT: Final = (
    *("wait_period", "event_type", "source", "segment", "consent", "condition", "rearm", "includes_bots", "max"),
)
# What the record tells of it.
RECORDED: Final = (
    *("strategy", "wait_period", "event_type", "source_id", "segment_id", "consent_id", "condition", "rearm"),
    *("includes_bots", "max_per_run"),
)
FLAGS: Final = {"max_per_run": "max"}  # what is called otherwise here than in a heartbeat


class Command(BaseCommand):
    """Say who is silent."""

    help = "Run what is due: manage.py heartbeat. At once: manage.py heartbeat NAME ... or --strategy KEY ..."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take names, or the flags of one strategy on the spot."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="those to run at once; none: those that are due")
        parser.add_argument("--list", action="store_true", help="print the heartbeats, with their next and last runs")
        parser.add_argument("--dry-run", action="store_true", help="count what would be said, and write nothing")
        spot = parser.add_argument_group("one strategy on the spot, without a saved heartbeat")
        spot.add_argument("--strategy", metavar="KEY", help="a strategy, by its key")
        spot.add_argument("--wait-period", metavar="TIME", help="how long somebody has to be silent: 15m, 180 days")
        spot.add_argument("--event-type", metavar="TYPE", help="what is said; without, what is usual for the strategy")
        spot.add_argument("--source", metavar="NAME", help="of those alone who came through this source")
        spot.add_argument("--segment", metavar="KEY", help="of those alone who are in this segment")
        spot.add_argument("--consent", metavar="ID", help="of those alone who have given this consent")
        spot.add_argument("--condition", help="of those alone of whom this holds")
        spot.add_argument("--rearm", choices=Heartbeat.Rearm.values, help="once, or after each new silence")
        spot.add_argument("--includes-bots", action="store_true", default=None, help="of bots, too")
        spot.add_argument("--max", type=int, help="say so many at most; without, 10000")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        """Run, count or list; print a line for each heartbeat, and fail if one of them did."""
        now = timezone.now()
        _check(names, options)
        if options["list"]:
            self._list()
        elif options["strategy"] is not None:
            self._on_the_spot(**options)
        elif names or options["dry_run"]:
            rows = [_named(name) for name in names] or list(Heartbeat.objects.filter(is_enabled=True).order_by("name"))
            for row in rows:
                self._preview(row) if options["dry_run"] else self._run(row)
        else:
            beats.beat(beats.Name.CRON, at=now)
            outcomes = running.run_due(now=now)
            self._tell(outcomes)
            if not outcomes:
                self.stdout.write("No heartbeat is due, or those that are run already.")

    def _list(self) -> None:
        for row in Heartbeat.objects.annotate(ran_at=Max("runs__started_at")).order_by("name"):
            wait, state = in_words(row.wait_period), "on" if row.is_enabled else "off"
            times = (at.isoformat(timespec="seconds") if at else "-" for at in (row.due_at, row.ran_at))
            self.stdout.write("\t".join([row.name, row.strategy, wait, row.event_type, state, *times]))

    def _run(self, row: Heartbeat) -> None:
        now = timezone.now()
        try:
            with transaction.atomic():
                running.request(row, by=BY, now=now)
                audit.record("run", actor=audit.COMMAND, at=now, object=row)
            self._tell([running.run_requested(row, now=now)])
        except AlreadyRunning:
            self.stdout.write(f"{row.name}: already running.")
        except SwitchedOff:
            raise CommandError(f"{row.name} is switched off.") from None

    def _on_the_spot(self, **options: Any) -> None:
        try:
            row = definitions.on_the_spot(_row(**options))
            if options["dry_run"]:
                self._preview(row)
            else:
                now = timezone.now()
                with transaction.atomic():
                    audit.record("run", actor=audit.COMMAND, at=now, object=row, **_changes(row))
                self._tell([running.run_on_the_spot(row, now=now)])
        except AlreadyRunning:
            self.stdout.write(f"{row.name}: already running.")
        except DefinitionError as error:
            raise CommandError(f"{_flag(error.field)}: {error.message}") from None

    def _preview(self, row: Heartbeat) -> None:
        try:
            found = preview(row, secs=float("inf"))
        except DefinitionError as error:
            raise CommandError(f"{row.name}: {error.field}: {error.message}") from None
        left_out = f", {found.n_left_out} that were silent before are left out" if found.n_left_out else ""
        at_most = f", at most {row.max_per_run} in a run" if found.n_due > row.max_per_run else ""
        self.stdout.write(f"{row.name}: {found.n_due} would be said{at_most}{left_out}.")
        for silent in found.sample:
            self.stdout.write(f"  {silent.id} silent since {silent.last_active_at.isoformat()}")

    def _tell(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            rest = "" if outcome.is_complete else ", the rest comes with the next run"
            self.stdout.write(f"{outcome.heartbeat}: {outcome.n_said} said, {outcome.n_suppressed} not{rest}.")
        failed = [f"{outcome.heartbeat}: {outcome.error}" for outcome in outcomes if outcome.error]
        if failed:
            raise CommandError("\n".join(failed))


def _check(names: list[str], options: Mapping[str, Any]) -> None:
    """Refuse what would be left unheeded, as then it would be said of other people than are asked for."""
    given = [name for name in SPOT if options[name] is not None]
    is_on_the_spot = options["strategy"] is not None
    if options["list"] and any([names, given, is_on_the_spot, options["dry_run"]]):
        raise CommandError("--list lists all heartbeats, and takes nothing else.")
    if is_on_the_spot and names:
        raise CommandError(f"Either NAME or --strategy: with --strategy, {names[0]} would not be run.")
    if given and not is_on_the_spot:
        flags = ", ".join(map(_flag, given))
        raise CommandError(f"{flags}: only with --strategy. A heartbeat that is saved runs as it is saved.")
    empty = [_flag(name) for name in given if options[name] == ""]
    if empty:
        raise CommandError(f"{empty[0]}: it is empty. Leave it out, if it is not meant.")


def _flag(name: str) -> str:
    return f"--{FLAGS.get(name, name).replace('_', '-')}"


def _named(name: str) -> Heartbeat:
    row = Heartbeat.objects.filter(name=name).first()
    if row is None:
        raise CommandError(
            _unknown("heartbeat", name, Heartbeat.objects.order_by("name").values_list("name", flat=True))
        )
    return row


def _row(**options: Any) -> Heartbeat:
    """Make a heartbeat of the flags. Raises DefinitionError, which names the flag."""
    key, most = options["strategy"], options["max"]
    usual = strategies[key].rearm if key in strategies else Heartbeat.Rearm.ONCE
    row = Heartbeat(
        strategy=key,
        source=_scoped(Source, "source", "name", options["source"]),
        segment=_scoped(Segment, "segment", "key", options["segment"]),
        consent=_scoped(ConsentType, "consent", "id", options["consent"]),
        event_type=options["event_type"] or "",
        condition=options["condition"] or "",
        rearm=options["rearm"] or usual,
        first_run=Heartbeat.FirstRun.ALL,
        includes_bots=bool(options["includes_bots"]),
    )
    if most is not None:
        row.max_per_run = most
    definitions.strategy_of(row)
    if options["wait_period"] is None:
        raise DefinitionError("wait_period", "Say how long somebody has to be silent, as 15 minutes or 180 days.")
    row.wait_period = definitions.wait_period_of(options["wait_period"])
    return row


def _changes(row: Heartbeat) -> dict[str, Any]:
    """Return what the record says of one on the spot, which is in no table: as of one that was made."""
    said = {name: str(value) for name in RECORDED if (value := getattr(row, name)) not in (None, "")}
    return audit.changes_of(Heartbeat, {}, said)


def _scoped(model: Any, flag: str, key: str, value: str | None) -> Any:
    """Return the row that a flag names, None without one. Raises DefinitionError, which says what there is."""
    if value is None:
        return None
    row = model.objects.filter(**{key: value}).first()
    if row is None:
        raise DefinitionError(flag, _unknown(flag, value, model.objects.order_by(key).values_list(key, flat=True)))
    return row


def _unknown(what: str, value: str, there_are: Iterable[str]) -> str:
    known = list(there_are)
    meant = nearest(value, known)
    hint = f" Did you mean {meant}?" if meant else ""
    return f"There is no {what} {value}.{hint} There are: {', '.join(known) or 'none'}."
