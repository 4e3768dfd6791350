"""What a draft may have is offered with examples that may stand there as they are, once filled in."""

import json

from apps.flows.definition.parts import TRIGGERS
from apps.flows.describing import offered
from apps.flows.node import kinds


def test_each_kind_is_offered_with_what_it_is_for_and_one_to_begin_with() -> None:
    triggers, nodes = offered.triggers(), offered.nodes()

    assert [json.loads(each.example)["kind"] for each in triggers] == list(TRIGGERS)
    assert {json.loads(each.example)["kind"] for each in nodes} == set(kinds)
    assert all(each.title and each.about for each in (*triggers, *nodes))


def test_a_trigger_has_all_that_it_may_say_and_what_has_to_be_filled_in_is_empty() -> None:
    [event] = [json.loads(each.example) for each in offered.triggers() if each.title == "Event"]

    assert event == {"id": "t1", "kind": "event", "event_type": "", "condition": "", "max_age_secs": 86_400}
