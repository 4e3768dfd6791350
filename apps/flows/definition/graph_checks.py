"""What is wrong with the ways through a flow: where nobody comes, where it ends by mistake, or goes in circles."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from apps.flows.definition.circles import circles
from apps.flows.definition.making import START, Made
from apps.flows.definition.parts import Definition, Edge
from apps.flows.definition.problems import Problem
from apps.flows.node import Effects, Node

BACKGROUND: Final = "run-in-background"
_NONE: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Ways:
    """The edges that lead from a port that there is to a node that there is, and along which people go.

    From a node that is disabled nobody goes along those of its other ports.
    """

    made: Mapping[str, Made]
    edges: tuple[Edge, ...]
    leaving: Mapping[str, Mapping[str, list[str]]]  # where a node's ports lead
    after: Mapping[str, frozenset[str]]  # where a node leads
    passed_by: Mapping[str, str]  # the port of a node that is disabled
    aside: tuple[Edge, ...]  # along which nobody goes as long as it is

    def reachable(self, sources: Iterable[str], *, barred: AbstractSet[str] = _NONE) -> set[str]:
        """Return the nodes to which some lead, these included; none leads on from those that are barred."""
        found, waiting = set[str](), set(sources)
        while waiting:
            each = waiting.pop()
            found.add(each)
            if each not in barred:
                waiting |= self.after[each] - found
        return found

    def where(self, test: Callable[[type[Node]], bool]) -> set[str]:
        """Return the nodes that are not disabled, and whose kind passes a test."""
        working = {id: made.kind for id, made in self.made.items() if not made.part.is_disabled}
        return {id for id, kind in working.items() if kind is not None and test(kind)}

    def open_ports(self, id: str) -> list[str]:
        """Name the ports of a node of which no edge leads on, and whoever leaves by them is at the end."""
        made = self.made[id]
        if id in self.passed_by:
            return [] if self.leaving[id] else [self.passed_by[id]]
        optional = made.kind.optional_ports if made.kind else ()
        return [port for port in made.ports if port not in self.leaving[id] and port not in optional]

    def forks(self) -> Iterator[tuple[str, str, list[str]]]:
        """Yield the ports with several edges: the node, the port, and where these lead."""
        for id, by_port in self.leaving.items():
            yield from ((id, port, targets) for port, targets in by_port.items() if len(targets) > 1)

    @property
    def joins(self) -> set[str]:
        """The nodes that bring branches together."""
        return {id for id, made in self.made.items() if made.node is not None and made.node.joining}

    @property
    def starts(self) -> list[str]:
        """The nodes where it begins; one, if all is well."""
        return [id for id, made in self.made.items() if made.part.kind == START]


def check(definition: Definition, made: Mapping[str, Made]) -> Iterator[Problem]:
    """Say all that is wrong with edges and ways."""
    good: dict[tuple[str, str, str], Edge] = {}
    for edge in definition.edges:
        place = (edge.from_, edge.port, edge.to)
        if refusal := _refusal(edge, made):
            yield refusal
        elif place in good:
            yield Problem("This edge is there twice: people would go along both.", edge=str(edge))
        else:
            good[place] = edge
    ways = _ways(definition, made, good.values())
    yield from _starts(ways)
    yield from _unreachable(ways)
    yield from _dead_ends(ways)
    yield from _circles(ways)
    yield from _without_end(ways)
    yield from _forks(ways)
    yield from _joined(ways)
    if definition.options.answers_inline:
        yield from _inline(ways)


def _ways(definition: Definition, made: Mapping[str, Made], edges: Iterable[Edge]) -> Ways:
    """Tell the edges along which people go from those along which nobody does."""
    disabled = {id: each for id, each in made.items() if each.part.is_disabled and each.ports}
    passed_by = {id: each.passed_by(definition.edges) for id, each in disabled.items()}
    leaving: dict[str, dict[str, list[str]]] = {id: {} for id in made}
    along: list[Edge] = []
    aside: list[Edge] = []
    for edge in edges:
        if edge.port == passed_by.get(edge.from_, edge.port):
            along.append(edge)
            leaving[edge.from_].setdefault(edge.port, []).append(edge.to)
        else:
            aside.append(edge)
    after = {id: frozenset(to for targets in by_port.values() for to in targets) for id, by_port in leaving.items()}
    return Ways(made, tuple(along), leaving, after, passed_by, tuple(aside))


def _refusal(edge: Edge, made: Mapping[str, Made]) -> Problem | None:
    for id, field in ((edge.from_, "from"), (edge.to, "to")):
        if id not in made:
            return Problem(f"There is no node {id}.", edge=str(edge), field=field)
    source, ports = made[edge.from_], made[edge.from_].ports
    if source.settings is not None and edge.port not in ports:
        there = f"It has {', '.join(ports)}." if ports else "Nothing leads on from it."
        return Problem(f"The node {edge.from_} has no port {edge.port}. {there}", edge=str(edge), field="port")
    if made[edge.to].part.kind == START:
        return Problem("Nothing leads back to the start.", edge=str(edge), field="to")
    return None


def _starts(ways: Ways) -> Iterator[Problem]:
    starts = ways.starts
    if not starts:
        yield Problem("There is no start: add a node of the kind start.", field="nodes")
    for id in starts[1:]:
        yield Problem(f"There is one start, and {starts[0]} is it.", node=id, field="kind")


def _unreachable(ways: Ways) -> Iterator[Problem]:
    starts = ways.starts
    reached = ways.reachable(starts)
    passed_over = _passed_over(ways, reached)
    for id in ways.made if starts else ():
        if id in passed_over:
            message = f"Nobody comes here as long as {passed_over[id]} is disabled."
            yield Problem(message, node=id, is_warning=True)
        elif id not in reached:
            yield Problem("Nobody comes here: no way leads from the start to this node.", node=id)


def _passed_over(ways: Ways, reached: AbstractSet[str]) -> dict[str, str]:
    """Return the nodes to which only other ports of nodes lead that are disabled, each with one of these."""
    found: dict[str, str] = {}
    waiting = [edge for edge in ways.aside if edge.from_ in reached]
    while waiting:
        edge = waiting.pop(0)
        behind = ways.reachable([edge.to]) - reached - found.keys()
        found |= dict.fromkeys(behind, found.get(edge.from_, edge.from_))
        waiting += [other for other in ways.aside if other.from_ in behind]
    return found


def _dead_ends(ways: Ways) -> Iterator[Problem]:
    for id, made in ways.made.items():
        if made.kind is None or made.kind.is_end or (made.settings is None and id not in ways.passed_by):
            continue
        if id not in ways.passed_by and not ways.leaving[id] and made.ports:
            yield Problem("A dead end: no edge leads on from here. Lead it to a node of the kind end.", node=id)
            continue
        for port in ways.open_ports(id):
            yield Problem(
                f"Nothing leads on from the port {port}: who leaves by it is at the end. Lead it to an end if that is "
                "meant.",
                node=id,
                field=port,
                is_warning=True,
            )


def _circles(ways: Ways) -> Iterator[Problem]:
    """Name circles in which no time passes, each once."""
    barred = ways.where(lambda kind: kind.is_wait)
    quick = {id: after - barred for id, after in ways.after.items() if id not in barred}
    around = {id: circle for circle in circles(quick) for id in circle}
    place = {id: at for at, id in enumerate(ways.made)}
    for id in quick:
        circle = sorted(around.get(id, ()), key=place.__getitem__)
        if circle[:1] == [id]:
            names = ", ".join(circle)
            yield Problem(f"People would go in a circle without end ({names}): let them wait on the way.", node=id)


def _without_end(ways: Ways) -> Iterator[Problem]:
    """Name circles in which time passes, and out of which no way leads."""
    waits = ways.where(lambda kind: kind.is_wait)
    for circle in circles(ways.after):
        if not circle & waits or any(ways.after[id] - circle or ways.open_ports(id) for id in circle):
            continue
        names = [id for id in ways.made if id in circle]
        message = (
            f"People go round here ({', '.join(names)}) until an exit rule, a goal or the longest time of a run takes "
            "them out: lead a way out, unless that is meant."
        )
        yield Problem(message, node=names[0], is_warning=True)


def _forks(ways: Ways) -> Iterator[Problem]:
    """Name nodes, other than joins and ends, to which several branches of one fork lead: the first ones."""
    told = ways.where(lambda kind: kind.is_end) | ways.joins
    for id, port, targets in ways.forks():
        barred = told | {id}  # where branches have met once they meet behind that, too
        met = _met(ways, targets, barred) - barred
        if not met:
            continue
        told |= met
        first = met & {edge.to for edge in ways.edges if edge.from_ not in met}
        for each in sorted(first or met):
            yield Problem(
                f"Branches that part at {id} ({port}) meet here again: people would go through it twice. Let them meet "
                "in a join.",
                node=each,
            )


def _met(ways: Ways, targets: Iterable[str], barred: set[str]) -> set[str]:
    """Return the nodes to which several of these lead."""
    seen, met = set[str](), set[str]()
    for target in targets:
        branch = ways.reachable([target], barred=barred | met)
        met |= seen & branch
        seen |= branch
    return met


def _joined(ways: Ways) -> Iterator[Problem]:
    """Name edges that a join could not tell apart."""
    names: dict[str, set[str]] = {id: set() for id in ways.joins}
    for edge in ways.edges:
        name = edge.name or edge.from_
        if name in names.get(edge.to, ()):
            yield Problem(
                f"Two edges to this join go by the name {name}: name them, so that it can tell them apart.",
                edge=str(edge),
                field="name",
            )
        elif edge.to in names:
            names[edge.to].add(name)


def _inline(ways: Ways) -> Iterator[Problem]:
    """Name nodes that send something while somebody waits for an answer."""
    barred = ways.where(lambda kind: kind.is_wait or kind.key == BACKGROUND)
    reached = ways.reachable(ways.starts, barred=barred)
    external = ways.where(lambda kind: kind.effects is Effects.EXTERNAL)
    for id in ways.made:
        if id in reached and id in external:
            yield Problem(
                f"It {Effects.EXTERNAL.value} while somebody waits for the answer: let {BACKGROUND} come before it.",
                node=id,
            )
