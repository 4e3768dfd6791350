"""What changes of people outside of the pipeline lets them enter, too."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_rq import get_queue

from apps.events.computed_traits import definitions as computed_traits
from apps.events.computed_traits import recomputing
from apps.flows import jobs
from apps.flows.models import Flow
from apps.profiles import editing, observing
from apps.profiles.models import Profile, ProfileChange
from tests.factories import ANNA, NOON, ComputedTraitFactory, ProfileFactory
from tests.flows.triggers.flowing import publish, runs
from tests.shop import Shop

pytestmark = pytest.mark.django_db
PLAN = {"kind": "field", "field": "profile@traits.plan"}


@pytest.fixture
def flow(db: None) -> Flow:
    return publish(PLAN)


def payloads(flow: Flow) -> list[object]:
    return [run.state["tokens"][0].get("payload") for run in runs(flow)]


def test_somebody_sets_a_field_by_hand(flow: Flow) -> None:
    anna = ProfileFactory(traits={"plan": "free"})
    for values in ({"traits.plan": "free"}, {"traits.seats": 5}, {"traits.plan": "pro"}):
        editing.edit(anna.id, values, actor=ANNA, now=NOON)

    [run] = runs(flow)
    assert payloads(flow) == [{"field": "traits.plan", "before": "free", "after": "pro"}]
    assert (run.profile_id, run.trigger, run.due_at) == (anna.id, "t1", NOON)
    assert run.state["event"]["type"] == "profile-changed"
    assert "id" not in run.state["event"]


def test_whoever_goes_on_with_it_is_woken_once_that_is_committed(
    flow: Flow, django_capture_on_commit_callbacks: Any
) -> None:
    anna, queue = ProfileFactory(traits={"plan": "free"}), get_queue(jobs.QUEUE.name)
    for values, n_woken in (({"traits.seats": 5}, 0), ({"traits.plan": "pro"}, 1)):
        cache.clear()
        queue.empty()
        with django_capture_on_commit_callbacks(execute=True):
            editing.edit(anna.id, values, actor=ANNA, now=NOON)
            assert queue.count == 0

        assert queue.count == n_woken


def test_what_somebody_set_is_set_back(flow: Flow) -> None:
    anna = ProfileFactory(traits={"plan": "free"})
    editing.edit(anna.id, {"traits.plan": "pro"}, actor=ANNA, now=NOON)

    editing.undo(ProfileChange.objects.get(), actor=ANNA, now=NOON + timedelta(hours=1))

    assert payloads(flow)[1] == {"field": "traits.plan", "before": "pro", "after": "free"}


def test_a_field_above_or_below_is_noticed() -> None:
    below = publish({"kind": "field", "field": "profile@data.contact.email.main"})
    above = publish({"kind": "field", "field": "profile@data.contact"})
    anna = ProfileFactory()

    editing.edit(anna.id, {"data.contact.email.main": "anna@example.com"}, actor=ANNA, now=NOON)
    editing.edit(anna.id, {"data.contact.phone.main": "+43 1 234567"}, actor=ANNA, now=NOON)

    assert [len(runs(flow)) for flow in (below, above)] == [1, 2]
    assert payloads(above)[0]["after"] == {"email": {"main": "anna@example.com"}}  # type: ignore[index]


def test_a_condition_reads_what_was_written(flow: Flow) -> None:
    pros = publish({**PLAN, "condition": 'profile@traits.plan = "pro" AND profile@traits.seats = 3'})
    anna = ProfileFactory()

    editing.edit(anna.id, {"traits.plan": "pro"}, actor=ANNA, now=NOON)
    assert len(runs(pros)) == 0
    editing.edit(anna.id, {"traits.plan": "free", "traits.seats": 3}, actor=ANNA, now=NOON)
    editing.edit(anna.id, {"traits.plan": "pro"}, actor=ANNA, now=NOON)

    assert len(runs(pros)) == 1


def test_flows_that_change_fields_are_counted_in_a_chain(flow: Flow) -> None:
    anna = ProfileFactory()
    seen = observing.see([anna], now=NOON)
    anna.traits["plan"] = "pro"
    anna.save()

    observing.tell(seen, now=NOON, chains={anna.id: 4})

    [run] = runs(flow)
    assert run.state["event"]["chain"] == 4


def test_a_computed_trait_that_changes_as_time_passes_is_noticed(shop: Shop) -> None:
    computed_traits.save(ComputedTraitFactory.build(key="views", event_types=["page-view"], days=7))
    flow = publish({"kind": "field", "field": "profile@computed.views"})
    shop.call("track", userId="anna", event="page-view")
    assert payloads(flow) == [{"field": "computed.views", "before": None, "after": 1}]

    recomputing.refresh_page(now=shop.later(days=9))

    assert payloads(flow)[1:] == [{"field": "computed.views", "before": 1, "after": None}]


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_statements_does_not_grow(flow: Flow, count: int) -> None:
    people: list[Profile] = ProfileFactory.create_batch(count)
    seen = observing.see(people, now=NOON)
    for person in people:
        person.traits["plan"] = "pro"

    Profile.objects.bulk_update(people, ["traits"])
    with CaptureQueriesContext(connection) as captured:
        observing.tell(seen, now=NOON)

    assert len(captured) == 2
    assert len(runs(flow)) == count


def test_nothing_is_done_where_nobody_watches() -> None:
    anna = ProfileFactory()

    with CaptureQueriesContext(connection) as captured:
        seen = observing.see([anna], now=NOON)
        anna.traits["plan"] = "pro"
        observing.tell(seen, now=NOON)

    assert all("flows_flow" in query["sql"] or "flows_awaited" in query["sql"] for query in captured.captured_queries)
