"""Deliveries from the command line: what waits, what was lost, and what is done about it."""

import json
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.bridges import outbox
from apps.bridges.management.commands.connection import named
from apps.bridges.models import Delivery
from apps.core import audit
from apps.core.arguments import at_least_one
from apps.core.ids import as_uuid

SHOWN: Final = 50
VERBS: Final = {"retry": ("retried", outbox.retry), "cancel": ("cancelled", outbox.cancel_chosen)}


class Command(BaseCommand):
    """List deliveries, try them again, or cancel them."""

    help = "List deliveries, the latest first; try them again, or cancel them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is to be done, and with which of them."""
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="print deliveries, one line of JSON each, without what they say")
        listing.add_argument("--limit", type=at_least_one, default=SHOWN, help=f"so many at most; {SHOWN} unless said")
        retrying = actions.add_parser("retry", help="try at once what was refused, expired or cancelled, or rests")
        cancelling = actions.add_parser("cancel", help="do not send what waits")
        for each in (retrying, cancelling):
            each.add_argument("id", nargs="*", help="a delivery; all that the options choose where none is named")
            each.add_argument("--all", action="store_true", help="really all, where no option chooses some")
        for each in (listing, retrying, cancelling):
            each.add_argument("--outcome", choices=Delivery.Outcome.values, help="those that came to this")
            each.add_argument("--connection", metavar="NAME", help="those of a connection")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run the action."""
        chosen = _chosen(options)
        if action == "list":
            for row in chosen.order_by("-id")[: options["limit"]]:
                self.stdout.write(json.dumps(_line(row)))
            return
        if options["id"]:
            ids = set(map(_id, options["id"]))
            unknown = ids - set(Delivery.objects.filter(pk__in=ids).values_list("pk", flat=True))
            if unknown:
                raise CommandError(f"There is no delivery {', '.join(sorted(map(str, unknown)))}.")
            chosen = chosen.filter(pk__in=ids)
        elif not (options["outcome"] or options["connection"] or options["all"]):
            raise CommandError("Name deliveries, choose some by --outcome or --connection, or say --all.")
        verb, change = VERBS[action]
        with transaction.atomic():
            done = change(chosen, now=timezone.now())
            audit.record(verb, actor=audit.COMMAND, at=timezone.now(), name="deliveries", n=len(done))
        if not done:
            self.stdout.write("Nothing was changed: what was delivered stays so, and what is on its way goes on.")
            return
        self.stdout.write(f"{'1 delivery was' if len(done) == 1 else f'{len(done)} deliveries were'} {verb}.")
        if verb == "retried":
            self.stderr.write(outbox.GONE_ON)


def _chosen(options: dict[str, Any]) -> QuerySet[Delivery]:
    """Select what the options say. Raises CommandError for a connection that there is not."""
    found = Delivery.objects.all()
    if options["outcome"]:
        found = found.filter(outcome=options["outcome"])
    if options["connection"]:
        found = found.filter(connection=named(options["connection"]))
    return found


def _id(text: str) -> Any:
    found = as_uuid(text)
    if found is None:
        raise CommandError(f"{text} is no id of a delivery.")
    return found


def _line(row: Delivery) -> dict[str, Any]:
    at = row.due_at or row.ended_at
    return {
        "id": str(row.pk),
        "key": row.key,
        "connection_id": str(row.connection_id),
        "outcome": row.outcome,
        "created_at": row.created_at.isoformat(),
        "next_or_ended_at": at.isoformat() if at else None,
        "n_tries": row.n_tries,
        "error": row.error,
    }
