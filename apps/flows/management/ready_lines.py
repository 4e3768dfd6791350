"""`flow ready`: the ready flows, what each needs, and a draft of one."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from apps.core.audit import COMMAND
from apps.flows.ready import inventory
from apps.flows.ready.ready_flows import make_draft, ready_flows


def arguments(actions: Any) -> None:
    """Take what it asks for."""
    ready = actions.add_parser("ready", help="list flows that others have thought out, show one, or make a draft of it")
    ready.add_argument("key", nargs="?", default="")
    ready.add_argument("--import", action="store_true", dest="is_import", help="make a draft of it, with --site")
    ready.add_argument("--site", default="", help="where your letters lead: https://www.shop.example")
    ready.add_argument("--name", default="", help="its name here, of which its key is made; else its own")
    ready.add_argument(
        "--connection",
        action="append",
        default=[],
        metavar="NAME=YOURS",
        help="yours for one that it names; else the one of that name, or the first of that kind",
    )


def lines(*, key: str, is_import: bool, site: str, name: str, connection: list[str], **_options: Any) -> Iterable[str]:
    """Say what there is, or what one of them needs. Raises CommandError, and DefinitionError as `make_draft` does."""
    flows = ready_flows()
    if not key:
        yield from (f"{each.key}: {each.description}" for each in flows.values())
        return
    if key not in flows:
        raise CommandError(f"There is no ready flow {key}. There are: {', '.join(flows)}.")
    ready, there = flows[key], inventory.taken([flows[key]])
    if is_import:
        chosen = {**there.stand_ins(ready), **_pairs(connection)}
        row = make_draft(ready, site=site, connections=chosen, actor=COMMAND, now=timezone.now(), name=name)
        yield f"{row.key} is here, as a draft."
    else:
        yield f"{ready.name}: {ready.description}"
    for need in ready.needs:
        state = "It is there." if there.has(need) else inventory.WHERE[need.what]
        yield f"{inventory.WORDS[need.what]} {need.name}: {need.told} {state}"


def _pairs(said: list[str]) -> dict[str, str]:
    if any("=" not in each for each in said):
        raise CommandError("--connection: write it as NAME=YOURS.")
    return dict(each.split("=", 1) for each in said)
