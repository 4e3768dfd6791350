"""What lets people enter, by what happens: the triggers of all flows that are on, compiled once and kept in memory.

The pipeline asks for each event whether any flow reads its type: that is one look into a dict. What waits in runs that
are under way is asked for in the database, and only for types that any run has ever waited for (see awaited.py).
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from django.db import DatabaseError

from apps.conditions import Context
from apps.conditions.parse import parse_field
from apps.conditions.type_names import event_types
from apps.core.snapshot import Snapshot
from apps.flows import definition
from apps.flows.definition import Problems
from apps.flows.definition.parts import (
    ConsentTrigger,
    EventTrigger,
    FieldTrigger,
    SegmentTrigger,
    WebhookTrigger,
)
from apps.flows.engine.graph import Compiled
from apps.flows.models import Flow, FlowVersion
from apps.flows.runs import versions
from apps.flows.triggers import observed
from apps.flows.triggers.happened import Said
from apps.flows.triggers.observed import Kind, Observed, Read
from apps.flows.triggers.readers import Readers
from apps.flows.triggers.starters import Starter, starter_of
from apps.segments.platform_events import ENTERED, LEFT

logger = logging.getLogger(__name__)
_EVENTS, _OF_NOBODY = "events", "events of nobody"
_CHANGES: Final = {"entered": ENTERED.type, "left": LEFT.type}
REFRESH_SECS: Final = 1.0  # until other processes know what was published


class _Looked(NamedTuple):
    """A trigger, by what it looks at."""

    at: str  # events of people, events of nobody, or a kind of what is observed
    name: str
    starter: Starter
    read: Read | None = None


class Index:
    """The triggers of flows, those of greater priority first, by what they look at.

    A flow of which a trigger cannot be made is left out as a whole, and `left_out` says why: no other one suffers.
    """

    def __init__(self, flows: Iterable[Compiled]) -> None:
        self.left_out: dict[UUID | None, str] = {}  # by the flow
        found: dict[str, dict[str, list[_Looked]]] = {}
        self.flows = tuple(compiled for compiled in flows if self._takes(compiled, found))
        self.observed = [
            Observed(kind, name, tuple(each.starter for each in looked), looked[0].read)
            for kind in Kind
            for name, looked in found.get(kind, {}).items()
            if looked[0].read
        ]
        self.by_type = _readers(found.get(_EVENTS, {}))
        self.answering = _readers(found.get(_EVENTS, {}), answering=True)  # those of flows that answer inline, and ...
        self.others = _readers(found.get(_EVENTS, {}), answering=False)  # ... what is left once these have
        self.of_nobody = _readers(found.get(_OF_NOBODY, {}))  # of whomever the events are
        self.is_idle = not any((self.by_type, self.of_nobody, self.observed))
        self.answers = any(compiled.answers_inline for compiled in self.flows)

    def _takes(self, compiled: Compiled, found: dict[str, dict[str, list[_Looked]]]) -> bool:
        """Put down what the triggers of a flow look at, of all of them or none, and tell which it was."""
        try:
            looked = list(_looked(compiled))
        except Exception as error:  # noqa: BLE001 - `_built` logs it, the page of the flow shows it
            self.left_out[compiled.flow_id] = str(error) or type(error).__name__
            return False
        for each in looked:
            found.setdefault(each.at, {}).setdefault(each.name, []).append(each)
        return True

    def may_start(self, said: Said, context: Context, *, is_answered: bool = False) -> bool:
        """Tell whether an event may meet any trigger, of those that are left where others have answered it."""
        readers = (self.others if is_answered else self.by_type).get(said.type)
        if readers and readers.of(said.properties, context):
            return True
        readers = self.of_nobody.get(said.type)
        return bool(readers and readers.of(said.properties, context))


def _readers(found: Mapping[str, Iterable[_Looked]], *, answering: bool | None = None) -> dict[str, Readers]:
    by_type = {
        type: [each.starter for each in looked if answering in (None, each.starter.compiled.answers_inline)]
        for type, looked in found.items()
    }
    return {type: Readers(starters) for type, starters in by_type.items() if starters}


def _looked(compiled: Compiled) -> Iterator[_Looked]:
    """Yield what the triggers of a flow look at; of those that no event meets nothing."""
    for starter in (starter_of(compiled, trigger) for trigger in compiled.triggers):
        match starter.part:
            case EventTrigger(event_type=type):
                yield from (_Looked(_EVENTS, each, starter) for each in event_types([type]))
            case SegmentTrigger(change=change):
                yield _Looked(_EVENTS, _CHANGES[change], starter)
            case WebhookTrigger(event_type=type):
                yield from (_Looked(_OF_NOBODY, each, starter) for each in event_types([type]))
            case FieldTrigger(field=name):
                path, read = observed.of_field(parse_field(name))
                yield _Looked(Kind.FIELD, path, starter, read)
            case ConsentTrigger(consent=name):
                yield _Looked(Kind.CONSENT, name, starter, observed.of_consent(name))


def why_left_out(version: FlowVersion) -> str:
    """Say why nobody enters by a version, though its flow may be on; empty where nothing is in the way."""
    try:
        compiled = definition.compile(version)
    except Problems as problems:
        return str(problems)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - of a node of another package; `versions` has logged it
        return str(error) or type(error).__name__
    return Index([compiled]).left_out.get(compiled.flow_id, "")


def left_out() -> Iterator[tuple[Flow, str]]:
    """Yield the flows that are on, and that nobody enters, by their names, each with why."""
    entered = Flow.objects.filter(state=Flow.State.ON).exclude(version=None).exclude(kind=Flow.Kind.SEGMENTATION)
    for flow in entered.select_related("version__flow").order_by("name"):
        reason = why_left_out(flow.version) if flow.version else ""
        if reason:
            yield flow, reason


def _read() -> Index:
    on = Flow.objects.filter(state=Flow.State.ON).exclude(version=None).order_by("-priority", "key")
    return _built(tuple(on.values_list("version_id", flat=True)))


@lru_cache(maxsize=2)
def _built(ids: tuple[UUID, ...]) -> Index:
    """Make it once: versions never change, and what is read each second is most often the same."""
    known = versions.compiled(ids)
    index = Index([known[id] for id in ids if id in known])
    for flow_id, reason in index.left_out.items():
        logger.error("A flow lets nobody enter", extra={"flow": str(flow_id), "reason": reason})
    return index


current: Final = Snapshot(_read, of=(Flow,), refresh_secs=REFRESH_SECS)
