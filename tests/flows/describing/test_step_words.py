"""Steps in words: a line for each node, whatever its document is like."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flows.describing.step_words import steps
from tests.flows.describing.test_words import ANY_JSON


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"kind": "wait", "name": "An hour to pay", "settings": {"length": "1 hour"}}, "Wait “An hour to pay”: "),
        ({"kind": "split", "settings": {"branches": [{"port": "a"}, {"port": "b"}]}}, "Split: branches a, b."),
        ({"kind": "email", "settings": {"connection": "Shop", "subject": "Hi"}}, "E-mail: connection “Shop”; "),
        (
            {"kind": "payload", "settings": {"payload": {"a": "event@type", "b": True, "c": None}}},
            'Make a payload: payload {"a": "event@type", "b": true, "c": null}.',
        ),
        (
            {"kind": "add-tag", "settings": {"tag": "a", "do": "remove"}},
            "Add or remove a tag: tag “a”; what “Remove it”.",
        ),
        (
            {"kind": "ask-question", "settings": {"answers": [{"label": "Yes", "value": "y"}]}},
            "Ask a question: answers Yes.",
        ),
        ({"kind": "note", "settings": {"text": "long " * 99}}, "Note: text “" + "long " * 23 + "long…"),
        (
            {"kind": "wait", "name": "An hour", "settings": {"length": "1 hour"}, "is_disabled": True},
            "Wait “An hour”: disabled, people pass it.",
        ),
        ({"kind": "dance"}, "dance, which there is not."),
    ],
)
def test_a_step_says_what_it_is_and_how_it_is_set(node: dict[str, Any], said: str) -> None:
    assert steps({"nodes": [{"kind": "start"}, node, {"kind": "end"}]})[0].startswith(said)


@given(settings=st.dictionaries(st.sampled_from(["length", "branches", "to"]), ANY_JSON), name=ANY_JSON)
def test_steps_are_told_whatever_they_say(settings: dict[str, Any], name: Any) -> None:
    nodes = [{"kind": kind, "name": name, "settings": settings} for kind in ("wait", "split", "email", "x")]
    assert len(steps({"nodes": nodes})) == len(nodes)
