"""What is tried: a definition compiled for one trial, with its pins; what many runs share is left alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from apps.core.mistakes import DefinitionError
from apps.flows.definition import read
from apps.flows.definition.compiled import made_of
from apps.flows.definition.making import Identity
from apps.flows.engine.graph import Compiled, Spot
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.models import Flow
from apps.flows.trying.told import PINNED
from apps.flows.trying.trials import Pin, Trial


def compiled(row: Flow, document: Mapping[str, Any], number: int | None, trial: Trial) -> Compiled:
    """Compile a definition of a flow. Raises Problems, and DefinitionError for a pin of a node that it has not.

    What is compiled may be made, such as the connection of an address: the caller takes that back.
    """
    identity = Identity(row.key, row.name, row.pk, number=number or 0)
    found = made_of(read(document), identity)
    _pin(found.spots, trial.pins)
    return _alone(found, trial.node) if trial.node else found


def _pin(spots: Mapping[str, Spot], pins: Iterable[Pin]) -> None:
    for nth, pin in enumerate(pins):
        spot = spots.get(pin.node)
        if spot is None:
            raise DefinitionError(f"pins.{nth}.node", f"There is no node {pin.node}.")
        if spot.is_disabled:
            continue  # people pass it, whatever it gave
        spot.run = _pinned(pin, spot.run)


def _pinned(pin: Pin, run: Callable[[Step], Move]) -> Callable[[Step], Move]:
    def say(step: Step) -> Move:
        if pin.visit not in (None, step.visit):
            return run(step)
        if step.told is not None:
            step.told[PINNED] = True
        return Go(pin.port, payload=pin.output, memory=pin.memory)

    return say


def _alone(found: Compiled, node: str) -> Compiled:
    """Return a version that begins at a node, and ends behind it, by whatever port it is left."""
    spot = found.spots.get(node)
    if spot is None:
        raise DefinitionError("node", f"There is no node {node}.")
    spot.leads, spot.joining = {}, None
    return replace(found, start=spot, exits=(), goals=(), consents=())
