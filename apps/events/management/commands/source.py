"""Create, list and switch event sources from scripts."""

import json
from argparse import FileType
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.typed_settings import SettingsError
from apps.events import webhook_signing
from apps.events.models import Source
from apps.events.webhook_signing import Signing
from apps.profiles.models import ConsentType

COLUMNS = ("name", "kind", "write_key", "channel", "is_enabled")


class Command(BaseCommand):
    """Manage event sources; one line of JSON for each source, so that scripts can read it."""

    help = "Create and list event sources: manage.py source create 'Web shop' --kind api"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an action and, for all but `list`, a name."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="print all sources")
        create = actions.add_parser("create", help="create a source; an existing one of the same name is an error")
        create.add_argument("name")
        create.add_argument("--kind", choices=Source.Kind.values, default=Source.Kind.API)
        create.add_argument("--channel", default="")
        create.add_argument("--origin", action="append", default=[], dest="allowed_origins", help="may be repeated")
        create.add_argument(
            "--network", action="append", default=[], dest="allowed_networks", help="198.51.100.0/24; may be repeated"
        )
        create.add_argument(
            "--signing",
            type=FileType(),
            metavar="FILE",
            help="what proves a webhook, as JSON with its secrets; - reads it from standard input",
        )
        create.add_argument("--bots", choices=Source.Bots.values, default=Source.Bots.REFUSE)
        create.add_argument("--required-consent", action="append", default=[], dest="required_consents", metavar="ID")
        for policy in ("trusts-ids", "is-ephemeral", "is-asynchronous", "creates-profiles"):
            create.add_argument(f"--{policy}", action="store_true")
        for action in ("enable", "disable"):
            actions.add_parser(action, help=f"{action} a source").add_argument("name")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run the action and print the sources it concerns."""
        if action == "create":
            sources = [self._create(options)]
        elif action == "list":
            sources = list(Source.objects.order_by("name"))
        else:
            sources = [self._switch(options["name"], is_enabled=action == "enable")]
        for source in sources:
            line = {"id": str(source.id), **{name: getattr(source, name) for name in COLUMNS}}
            self.stdout.write(json.dumps(line))

    def _create(self, options: dict[str, Any]) -> Source:
        columns = {field.name for field in Source._meta.fields}
        values = {name: value for name, value in options.items() if name in columns}
        if Source.objects.filter(name=values["name"]).exists():
            raise CommandError(f"There is a source named {values['name']!r} already.")
        unknown = set(values["required_consents"]) - set(ConsentType.objects.values_list("id", flat=True))
        if unknown:
            raise CommandError(f"There is no consent type {min(unknown)!r}.")
        signing = options["signing"]
        source = Source(**{**values, "signing": {}})
        if signing:
            webhook_signing.fill(source, _read(signing.read()))
        try:
            source.clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        with transaction.atomic():
            source.save()
            _record("added", source, {})
        return source

    def _switch(self, name: str, *, is_enabled: bool) -> Source:
        source = Source.objects.filter(name=name).first()
        if source is None:
            raise CommandError(f"There is no source named {name!r}.")
        with transaction.atomic():
            before = audit.values_of(source)
            source.is_enabled = is_enabled
            source.save(update_fields=["is_enabled"])
            _record("changed", source, before)
        return source


def _read(document: str) -> Signing:
    try:
        signing = webhook_signing.opened(json.loads(document), "")
    except (ValueError, TypeError) as error:
        raise CommandError(f"What proves a webhook is to be an object of JSON: {error}") from None
    except SettingsError as error:
        raise CommandError(" ".join(f"{each.path}: {each.message}" for each in error.problems)) from None
    weak = [
        f"{each.path}: {each.message}" for each in webhook_signing.problems_of_new(signing, webhook_signing.SECRETS)
    ]
    if weak:
        raise CommandError(" ".join(weak))
    return signing


def _record(action: str, source: Source, before: dict[str, Any]) -> None:
    changes = audit.changes_of(Source, before, audit.values_of(source))
    audit.record(action, actor=audit.COMMAND, at=timezone.now(), object=source, name=source.name, **changes)
