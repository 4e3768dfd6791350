"""What a flow over everybody may have: it decides who is in segments, for all at once, and does nothing else."""

from collections.abc import Iterator, Mapping
from typing import Final

from apps.core import typed_settings
from apps.flows.definition.making import Made
from apps.flows.definition.parts import Definition, Entry, Options
from apps.flows.definition.problems import Problem
from apps.flows.node import Effects, Node

_DECIDING: Final = (Effects.PURE, Effects.SEGMENTS)
_NOTHING: Final = typed_settings.read(Options, {})
_ANYBODY: Final = typed_settings.read(Entry, {})
_NOT_FOR_ALL: Final = ("consents", "exits", "goals", "answers_inline")  # they are about runs that begin and last


def check(definition: Definition, made: Mapping[str, Made]) -> Iterator[Problem]:
    """Name what makes no sense where everybody goes through, page by page and at once."""
    if definition.triggers:
        yield Problem("Everybody goes through it, by the clock: it has no triggers.", field="triggers")
    if definition.entry != _ANYBODY:
        yield Problem("Everybody goes through it: it has no rule of entry.", field="entry")
    if definition.quiet_hours is not None:
        yield Problem("It writes to nobody: it has no quiet hours.", field="quiet_hours")
    for name in _NOT_FOR_ALL:
        if getattr(definition.options, name) != getattr(_NOTHING, name):
            yield Problem("A flow over everybody has none: nobody stays in it.", field=name)
    for each in made.values():
        yield from _node(each)
    yield from _segments(made)


def fits(kind: type[Node]) -> bool:
    """Tell whether a flow over everybody may have nodes of a kind."""
    return not kind.is_wait and kind.effects in _DECIDING


def check_others(definition: Definition) -> Iterator[Problem]:
    """Name what only flows over everybody have."""
    if definition.options.every_secs != _NOTHING.every_secs:
        yield Problem("Only a flow over everybody is gone through again and again.", field="every_secs")


def _node(each: Made) -> Iterator[Problem]:
    if each.kind is None:
        return
    if each.kind.is_wait:
        yield Problem("Nobody waits in a flow over everybody.", node=each.part.id)
    elif each.kind.effects not in _DECIDING:
        message = f"It {each.kind.effects.value}: a flow over everybody decides who is in segments, and nothing else."
        yield Problem(message, node=each.part.id)
    if each.part.retry.times:
        yield Problem("Nobody waits for another try in a flow over everybody.", node=each.part.id, field="retry")


def _segments(made: Mapping[str, Made]) -> Iterator[Problem]:
    """Name segments that people only enter: nobody would leave them any more."""
    if not any(each.kind and each.kind.effects is Effects.SEGMENTS for each in made.values()):
        yield Problem("It decides about no segment: let people enter one, and leave it.", field="nodes")
    moves = [(each.part.id, *move) for each in made.values() for move in _moves(each)]
    left = {segment for _, segment, is_in in moves if not is_in}
    for node, segment, is_in in moves:
        if is_in and segment not in left:
            message = f"Nobody ever leaves {segment} here: lead whoever does not belong to it to a node leave-segment."
            yield Problem(message, node=node, is_warning=True)


def _moves(each: Made) -> tuple[tuple[str, bool], ...]:
    """Return the segments that people enter (true) and leave (false) at a node."""
    return each.kind.segments_of(each.settings) if each.kind and each.settings else ()
