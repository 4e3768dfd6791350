"""What a node is: one file, with settings, ports, effects, help; found by discovery, and by an entry point.

    @register
    class AddTag(Node):
        \"\"\"Give the person a tag.\"\"\"

        key, group, title, icon, order = "add-tag", "profile", "Add tag", "sell", 30
        effects = Effects.PROFILE
        needs_person = True
        example = {"tag": "bought-{{ event@properties.category }}"}

        @dataclass(frozen=True, kw_only=True)
        class Settings:
            tag: str = text("Tag", help="It may refer to something.")

        def __init__(self, settings: Settings, place: Place) -> None:
            self._tag = place.text("tag", settings.tag)

        def run(self, step: Step) -> Move:
            return Go(changes=(Change("append_unique", "traits.tags", self._tag(step.scope)),))

A node is made once for each version, and compiles what it needs there; what is wrong then names the field. `run` is
pure: no I/O, no clock, no chance but `step.seed`; asked again with the same step it says the same.
Tests have apps/flows/testing.py; another package names its modules with nodes by entry points of `cdp.flow_nodes`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from importlib.metadata import entry_points
from typing import Any, ClassVar, Final, Protocol, TypeVar
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from apps.core.registry import Registry
from apps.core.typed_settings import SettingsError, read, settings_of
from apps.flows.engine import moves
from apps.flows.engine.graph import Joining
from apps.flows.engine.moves import Move
from apps.flows.engine.step import Step

Scope = Mapping[str, Any]
ENTRY_POINTS: Final = "cdp.flow_nodes"  # the group in which other packages name modules with nodes
ERROR: Final = moves.ERROR


class Effects(Enum):
    """What a node does besides choosing a port."""

    PURE = "nothing"
    ANSWERS = "answers whoever waits at the page"
    COUNTS = "counts who passes"
    KEEPS = "keeps something for flows"
    SEGMENTS = "lets people enter and leave segments"
    PROFILE = "changes the profile"
    EXTERNAL = "sends something out of the house"


class Place(Protocol):
    """Where a node stands, while its version is compiled: it compiles what its settings say, by the field that says it.

    What cannot be is noted, by node and field, and something harmless compiled in its place: all mistakes are told at
    once.
    """

    flow: str
    node: str
    zone: str
    is_stored: bool  # it was published: what it names was there then, and is not looked for again

    def text(self, field: str, template: str, *, channel: str = "text") -> Callable[[Scope], str]:
        """Compile a text with `{{ }}`; what is filled in is escaped as the channel (of templates.CHANNELS) needs it."""
        ...

    def value(self, field: str, template: Any) -> Callable[[Scope], Any]:
        """Compile JSON whose texts may be references: a whole reference is its value, with its type."""
        ...

    def condition(self, field: str, text: str) -> Callable[[Step], bool | None]:
        """Compile a condition; an empty one holds, None is unknown.

        One that reads past events raises moves.Unanswered: the engine asks, and asks the node again with the answer.
        """
        ...

    def counted(self, field: str, text: str) -> Callable[[Step], Any]:
        """Compile a value that is made of past events, COUNT("purchase" LAST 30 DAYS); it asks as conditions do."""
        ...

    def connection(self, field: str, name: str, *, kind: str) -> UUID:
        """Find a connection of a kind by its name."""
        ...

    def address(self, field: str, origin: str) -> UUID:
        """Find the connection of a host, https://api.example.com; it is made when the version is published."""
        ...

    def refuse(self, field: str, message: str) -> None:
        """Note that a setting cannot be."""
        ...

    def warn(self, field: str, message: str) -> None:
        """Note that a setting is probably not what somebody meant."""
        ...


class Node(ABC):
    """A kind of node; an instance is one in a version of a flow."""

    key: ClassVar[str]
    group: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]  # a Material symbol
    order: ClassVar[int]
    ports: ClassVar[tuple[str, ...]] = ("out",)
    effects: ClassVar[Effects] = Effects.PURE
    has_error_port: ClassVar[bool] = False
    is_wait: ClassVar[bool] = False  # time may pass in it: a circle may lead through it
    is_end: ClassVar[bool] = False  # nothing leads on: no dead end
    is_join: ClassVar[bool] = False  # it brings branches together: what it is made of has `joining`
    needs_person: ClassVar[bool] = False
    # Whether it looks by itself at which segments the person is in; what its settings refer to is known without.
    reads_segments: ClassVar[bool] = False
    channel: ClassVar[str] = ""  # by which it writes to people; empty: it writes to nobody
    optional_ports: ClassVar[tuple[str, ...]] = (ERROR,)  # no edge has to lead on from these: the way may end there
    Settings: ClassVar[type[Any]]
    example: ClassVar[Mapping[str, Any]]  # settings as somebody may have them, for the documents and for tests
    joining: Joining | None = None  # of one that brings branches together: set as it is made

    @abstractmethod
    def __init__(self, settings: Any, place: Place) -> None:
        """Compile what the settings say."""

    @classmethod
    def ports_of(cls, settings: Any) -> tuple[str, ...]:
        """Return the ports of a node with these settings, that for errors included."""
        return (*cls.ports, ERROR) if cls.has_error_port else cls.ports

    @classmethod
    def raised_by(cls, settings: Any) -> tuple[str, ...]:
        """Return the types of events that it raises: what its setting `event_type` names."""
        found = getattr(settings, "event_type", "")
        return (found,) if found else ()

    @classmethod
    def awaited_by(cls, settings: Any) -> tuple[str, ...]:
        """Return the types of events that it may wait for, as its moves name them."""
        return ()

    @classmethod
    def segments_of(cls, settings: Any) -> tuple[tuple[str, bool], ...]:
        """Return the segments that it lets people enter (true) and leave (false)."""
        return ()

    @abstractmethod
    def run(self, step: Step) -> Move:
        """Say what becomes of the person who has come, or is asked again."""


kinds: Final[Registry[type[Node]]] = Registry("node", module="nodes")
Kind = TypeVar("Kind", bound=type[Node])


def register(kind: Kind) -> Kind:
    """Make a kind of node known. Raises ImproperlyConfigured for a key that there is."""
    kinds.register(kind.key, kind, stacklevel=2)
    return kind


def check(kind: type[Node]) -> None:
    """Raise ImproperlyConfigured for a kind of node of which people could not read what it is for."""
    missing = ", ".join(_missing(kind))
    if missing:
        place = f"{kind.__module__}.{kind.__qualname__}"
        raise ImproperlyConfigured(f"Node {place} lacks {missing}. docs/writing-nodes.md says what each is for.")


def _missing(kind: type[Node]) -> Iterator[str]:
    """Name what a kind of node lacks of what its pages are made of."""
    if not (kind.__dict__.get("__doc__") or "").strip():
        yield "help, its docstring"
    yield from (name for name in ("key", "group", "title", "icon") if not getattr(kind, name, ""))
    yield from (name for name in ("order", "Settings", "example") if not hasattr(kind, name))
    if hasattr(kind, "Settings") and hasattr(kind, "example"):
        yield from (f"labels of its settings: {each.name}" for each in settings_of(kind.Settings) if not each.label)
        try:
            read(kind.Settings, kind.example)
        except SettingsError as error:
            yield f"an example that its settings allow ({error})"


def discover() -> None:
    """Find the nodes of all apps, and those of other packages. Raises ImproperlyConfigured as `check` does."""
    for point in entry_points(group=ENTRY_POINTS):
        point.load()
    kinds.discover()
    for kind in kinds.values():
        check(kind)
