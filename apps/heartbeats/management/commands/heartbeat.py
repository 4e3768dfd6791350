"""Run heartbeats from the command line: those that are due, as the machine's cron does, or one at once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

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


class Command(BaseCommand):
    """Say who is silent."""

    help = "Run what is due: manage.py heartbeat. At once: manage.py heartbeat NAME ... or --strategy KEY ..."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take names, or the flags of one strategy on the spot."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="those to run at once; none: those that are due")
        parser.add_argument("--list", action="store_true", help="print the heartbeats, and when each runs next")
        parser.add_argument("--dry-run", action="store_true", help="count what would be said, and write nothing")
        spot = parser.add_argument_group("one strategy on the spot, without a saved heartbeat")
        spot.add_argument("--strategy", metavar="KEY", help="a strategy, by its key")
        spot.add_argument("--wait-period", metavar="TIME", help="how long somebody has to be silent: 15m, 180 days")
        spot.add_argument("--event-type", default="", help="what is said; without, what is usual for the strategy")
        spot.add_argument("--source", metavar="NAME", help="of those alone who came through this source")
        spot.add_argument("--segment", metavar="KEY", help="of those alone who are in this segment")
        spot.add_argument("--consent", metavar="ID", help="of those alone who have given this consent")
        spot.add_argument("--condition", default="", help="of those alone of whom this holds")
        spot.add_argument("--rearm", choices=Heartbeat.Rearm.values, help="once, or after each new silence")
        spot.add_argument("--includes-bots", action="store_true", help="of bots, too")
        spot.add_argument("--max", type=int, default=10_000, help="say so many at most")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        """Run, count or list; print a line for each heartbeat, and fail if one of them did."""
        now = timezone.now()
        if options["list"]:
            self._list()
        elif options["strategy"]:
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
        for row in Heartbeat.objects.order_by("name"):
            next_run = row.due_at.isoformat() if row.due_at else "-"
            state = "on" if row.is_enabled else "off"
            self.stdout.write(f"{row.name}\t{row.strategy}\t{row.wait_period}\t{row.event_type}\t{state}\t{next_run}")

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
                self._tell([running.run_on_the_spot(row, now=timezone.now())])
        except AlreadyRunning:
            self.stdout.write(f"{row.name}: already running.")
        except DefinitionError as error:
            raise CommandError(f"--{error.field.replace('_', '-')}: {error.message}") from None

    def _preview(self, row: Heartbeat) -> None:
        try:
            found = preview(row, secs=float("inf"))
        except DefinitionError as error:
            raise CommandError(f"{row.name}: {error.field}: {error.message}") from None
        left_out = f", {found.n_left_out} that were silent before are left out" if found.n_left_out else ""
        self.stdout.write(f"{row.name}: {found.n_due} would be said{left_out}.")
        for silent in found.sample:
            self.stdout.write(f"  {silent.id} silent since {silent.last_active_at.isoformat()}")

    def _tell(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            rest = "" if outcome.is_complete else ", the rest comes with the next run"
            self.stdout.write(f"{outcome.heartbeat}: {outcome.n_said} said, {outcome.n_suppressed} not{rest}.")
        failed = [f"{outcome.heartbeat}: {outcome.error}" for outcome in outcomes if outcome.error]
        if failed:
            raise CommandError("\n".join(failed))


def _named(name: str) -> Heartbeat:
    row = Heartbeat.objects.filter(name=name).first()
    if row is None:
        names = list(Heartbeat.objects.order_by("name").values_list("name", flat=True))
        meant = nearest(name, names)
        hint = f" Did you mean {meant}?" if meant else ""
        raise CommandError(f"There is no heartbeat {name}.{hint} There are: {', '.join(names) or 'none'}.")
    return row


def _row(**options: Any) -> Heartbeat:
    """Make a heartbeat of the flags. Raises DefinitionError, which names the flag."""
    key = options["strategy"]
    usual = strategies[key].rearm if key in strategies else Heartbeat.Rearm.ONCE
    return Heartbeat(
        strategy=key,
        wait_period=definitions.wait_period_of(options["wait_period"] or ""),
        event_type=options["event_type"],
        source=_scoped(Source, "source", "name", options["source"]),
        segment=_scoped(Segment, "segment", "key", options["segment"]),
        consent=_scoped(ConsentType, "consent", "id", options["consent"]),
        condition=options["condition"],
        rearm=options["rearm"] or usual,
        first_run=Heartbeat.FirstRun.ALL,
        includes_bots=options["includes_bots"],
        max_per_run=options["max"],
    )


def _scoped(model: Any, flag: str, key: str, value: str | None) -> Any:
    """Return the row that a flag names, None without one. Raises DefinitionError, with the nearest."""
    if not value:
        return None
    row = model.objects.filter(**{key: value}).first()
    if row is None:
        names = list(model.objects.order_by(key).values_list(key, flat=True))
        meant = nearest(value, names)
        raise DefinitionError(flag, f"There is no {flag} {value}." + (f" Did you mean {meant}?" if meant else ""))
    return row
