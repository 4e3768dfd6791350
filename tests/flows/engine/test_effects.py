"""What a node does is kept: what cannot be leaves by the port for errors, and nothing of it is done."""

from typing import Any

import pytest

from apps.flows.engine.effects import AROUND
from apps.flows.engine.moves import Go, Move, Sent, Stay
from apps.flows.models import Run
from tests.flows.engine.graphs import PERSON, compiled, walk

TOO_DEEP = 255 - AROUND  # in the row, as JSON is written


def nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(levels):
        found = {"in": found}
    return found


@pytest.mark.parametrize(
    ("move", "reason"),
    [
        (Go(payload=nested(TOO_DEEP)), "The payload is no JSON."),
        (Go(memory=nested(TOO_DEEP)), "The memory is no JSON."),
        (Go(response={"n": 2**64}), "The response is no JSON."),
        (Go(response={"n": "x" * 262_144}), "The response has 262,152 bytes, and at most 262,144 are kept."),
        (Go(ux=({"n": 2**64},)), "The widget is no JSON."),
        (Go(sent=(Sent(PERSON, nested(TOO_DEEP)),)), "The request is no JSON."),
        (
            Stay(None, sent=Sent(PERSON, {"n": "x" * 10**6})),
            "The request has 1,000,008 bytes, and at most 1,000,000 are kept.",
        ),
        (Stay(None, kept=nested(TOO_DEEP)), "The rest is no JSON."),
    ],
)
def test_what_cannot_be_kept_is_told(move: Move, reason: str) -> None:
    outcome = walk(compiled({"a": lambda _step: move}, []))

    assert outcome.ending == (Run.Status.FAILED, f"Node a: {reason}")
    assert (outcome.response, outcome.ux, outcome.deliveries) == ({}, [], [])


def test_what_nodes_answer_together_is_bounded() -> None:
    half = Go(response={"a": "x" * 140_000}), Go(response={"b": "x" * 140_000})
    outcome = walk(compiled({"a": lambda _step: half[0], "b": lambda _step: half[1]}, ["a -> b"]))

    assert outcome.response.keys() == {"a"}
    assert outcome.ending
    assert outcome.ending.status == Run.Status.FAILED
