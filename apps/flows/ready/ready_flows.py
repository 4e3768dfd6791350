"""The ready flows: files as `flow export` writes them, whose `needs` say more, and drafts that are made of them."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from django.utils.text import slugify

from apps.core import storable
from apps.core.audit import Actor
from apps.core.mistakes import DefinitionError
from apps.flows.changing import portable
from apps.flows.models import Flow

FOLDER: Final = Path(__file__).parent
SITE: Final = "https://shop.example"  # as letters name the site of whoever uses them, in the files
_SITE: Final = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?", re.IGNORECASE)
CONNECTION, PAGE, FIELD = "connection", "page", "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that a ready flow needs: what it is, its name, and what it is for."""

    what: str  # event_type, segment, consent, connection, field, page
    name: str
    told: str
    title: str = ""  # what people may call it
    kind: str = ""  # of a connection
    condition: str = ""  # of a segment; empty: flows say who is in it


@dataclass(frozen=True, slots=True)
class ReadyFlow:
    """A flow that others have thought out."""

    key: str
    name: str
    description: str
    needs: tuple[Need, ...]
    file: Mapping[str, Any]

    @property
    def connections(self) -> Mapping[str, str]:
        """The kinds of the connections that it needs, by the names that stand for them in the file."""
        return {need.name: need.kind for need in self.needs if need.what == CONNECTION}

    def drafted(self, *, site: str, connections: Mapping[str, str]) -> dict[str, Any]:
        """Return the file of the flow for a site, with connections of its own by the names that stand for them.

        Raises DefinitionError for a site that is no address, and for a connection that the flow does not name.
        """
        site = site.rstrip("/")
        if not _SITE.fullmatch(site):
            raise DefinitionError("site", "Write it as https://www.shop.example, without a path.")
        for name in connections.keys() - self.connections.keys():
            named = ", ".join(self.connections) or "none"
            raise DefinitionError("connections", f"It needs no connection {name}. It needs {named}.")
        file: dict[str, Any] = json.loads(json.dumps(self.file).replace(SITE, site))
        for node in file["definition"]["nodes"]:
            settings = node.get("settings", {})
            if CONNECTION in settings:
                settings[CONNECTION] = connections.get(settings[CONNECTION], settings[CONNECTION])
        return file


@cache
def ready_flows() -> Mapping[str, ReadyFlow]:
    """Return all of them by their keys."""
    files = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    return {
        file["key"]: ReadyFlow(file["key"], file["name"], file["description"], tuple(_needs(file)), file)
        for file in files
    }


def make_draft(
    ready: ReadyFlow, *, site: str, connections: Mapping[str, str], actor: Actor, now: datetime, name: str = ""
) -> Flow:
    """Make a flow of it, which is off, and has a draft alone; under its own name unless another one is said.

    Raises DefinitionError as `drafted` does, and for a name that a flow has, or of which no key can be made.
    """
    file = ready.drafted(site=site, connections=connections)
    if name:
        if problem := storable.problem_of_text(name):
            raise DefinitionError("name", f"It {problem}.")
        file |= {"name": name, "key": slugify(name)}
    if not file["key"]:
        raise DefinitionError("name", "Its key is made of it: it needs a letter from a to z.")
    there = Flow.objects.filter(key=file["key"]).first() or Flow.objects.filter(name=file["name"]).first()
    if there:
        raise DefinitionError("name", f"There is a flow {there.key} already: give this one another name.")
    return portable.bring(file, replaces=False, actor=actor, now=now)


def free_name(ready: ReadyFlow, *, taken: Collection[str]) -> str:
    """Propose a name that no flow has: its own, or that with a number. `taken` are names and keys of flows."""
    names = (f"{ready.name} {number}" if number > 1 else ready.name for number in count(1))
    return next(name for name in names if not {name, slugify(name)} & set(taken))


def _needs(file: Mapping[str, Any]) -> Iterator[Need]:
    for what, found in file["needs"].items():
        yield from (Need(what=what, name=name, **said) for name, said in found.items())
