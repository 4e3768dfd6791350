"""Begin a node, and look up those that there are."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.mistakes import DefinitionError
from apps.flows import new_nodes
from apps.flows.describing import node_pages
from cdp.processes import BASE_DIR


class Command(BaseCommand):
    """Write the files with which a node begins; list the kinds of nodes, and show one."""

    help = "Begin a node, and look up those that there are: manage.py node new GROUP KEY"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an action, and what it is about."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="print all kinds of nodes, one a line: group, key, title, what it is for")
        actions.add_parser("show", help="tell of a kind of nodes: ports, settings, an example").add_argument("key")
        new = actions.add_parser("new", help="write a node with its help, and its test; both pass as they are")
        new.add_argument("group", help="which nodes it belongs to: flow, data, profile, ...")
        new.add_argument("key", help="its name in flows, such as greet-person")
        new.add_argument("--title", default="", help="its name for people; the key in words, unless it is said")
        new.add_argument(
            "--package", type=Path, metavar="FOLDER", help="write it into another package, which has the folder's name"
        )

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run the action."""
        actions = {"list": self._list, "show": self._show, "new": self._new}
        try:
            for line in actions[action](**options):
                self.stdout.write(line)
        except DefinitionError as error:
            raise CommandError(f"{error.field}: {error.message}") from None

    def _list(self, **_options: Any) -> Iterable[str]:
        for group in node_pages.groups():
            yield from (f"{each.group:<9}  {each.key:<22}  {each.title}: {each.about[0]}" for each in group.pages)

    def _show(self, *, key: str, **_options: Any) -> Iterable[str]:
        yield node_pages.as_markdown(node_pages.named(key)).strip()

    def _new(self, *, group: str, key: str, title: str, package: Path | None, **_options: Any) -> Iterable[str]:
        if package is None:
            node, test = new_nodes.ours(BASE_DIR, group, key, title)
            yield from (str(node), str(test), f"Try it: python -m pytest -n 0 {test.relative_to(BASE_DIR)}")
            yield "Once it does what it is for, python -m tests.declares writes it into docs/nodes.md."
        else:
            yield from map(str, new_nodes.of_package(package.resolve(), group, key, title))
            yield "Install the package beside the platform, and the node is there: docs/writing-nodes.md."
