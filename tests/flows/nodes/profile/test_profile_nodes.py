"""What becomes of the person: fields, tags, events, segments; and what cannot be is refused when it is saved."""

from typing import Any

import pytest

from apps.flows.engine.moves import Change, Fail, Go, Membership, Raised
from apps.flows.models import Run
from apps.flows.testing import refused, story, visit
from apps.segments.models import Segment
from tests.factories import EventTypeFactory, SegmentFactory
from tests.flows.nodes.documents import flow

APPENDED = {"field": "data.job.salary", "operation": "append", "value": 1}
ORDER = {"type": "order", "properties": {"plan": "pro", "total": "12.5", "id": "o1"}}


def fields(said: dict[str, Any]) -> dict[str, Any]:
    return {"fields": [said]}


def one(kind: str, settings: dict[str, Any], **known: Any) -> Any:
    nodes = {"start": "start", "it": (kind, settings), "end": "end", "wrong": "end"}
    return story(flow(nodes, "start -> it", "it -> end", "it.error -> wrong"), event=ORDER, **known)


def test_fields_are_set_added_to_and_emptied() -> None:
    fields = [
        {"field": "profile@traits.plan", "value": "event@properties.plan"},
        {"field": "traits.plans", "operation": "append_unique", "value": "event@properties.plan"},
        {"field": "data.metrics.ltv", "operation": "add", "value": "event@properties.total"},
        {"field": "data.pii.firstname", "value": "{{ event@properties.plan | title }}"},
        {"field": "traits.trial", "operation": "delete"},
    ]

    told = one("set-fields", {"fields": fields}, profile={"traits": {"trial": 1, "plans": ["free"]}})

    assert told.person.profile.traits == {"plan": "pro", "plans": ["free", "pro"]}
    assert told.person.profile.data["metrics"]["ltv"] == 12.5
    assert told.person.profile.name == "Pro"
    assert told.path == ["start.out", "it.out", "end."]


def test_what_does_not_fit_changes_nothing_and_leaves_by_error() -> None:
    fields = [{"field": "traits.plan", "value": "new"}, {"field": "data.job.salary", "value": "event@properties.plan"}]

    told = one("set-fields", {"fields": fields}, profile={"traits": {}})

    assert told.person.profile.traits == {}
    assert told.path == ["start.out", "it.error", "wrong."]
    assert told.status == Run.Status.FINISHED


def test_what_leads_to_nothing_leaves_a_field_as_it_is() -> None:
    known = {"traits": {"plan": "pro", "plans": ["pro"], "trial": 1}, "stats": {"points": 3}}
    fields = [
        {"field": "traits.plan", "value": "payload@answer.json.plan"},
        {"field": "traits.plans", "operation": "append", "value": "event@properties.gone"},
        {"field": "stats.points", "operation": "add", "value": "{{ event@properties.gone }}"},
        {"field": "traits.trial", "operation": "delete"},
    ]

    told = one("set-fields", {"fields": fields}, profile=known, is_traced=True)

    assert told.person.profile.traits == {"plan": "pro", "plans": ["pro"]}
    assert told.person.profile.stats == {"points": 3}
    assert told.path[1] == "it.out"
    assert told.outcome.steps[1].told["missing"] == ["traits.plan", "traits.plans", "stats.points"]


def test_a_number_stays_where_nobody_knows_by_how_much() -> None:
    settings = {"field": "stats.points", "by": "event@properties.gone"}

    told = one("increment", settings, profile={"stats": {"points": 3}}, is_traced=True)

    assert (told.person.profile.stats, told.path[1]) == ({"points": 3}, "it.out")
    assert told.outcome.steps[1].told["missing"] == ["stats.points"]


def test_a_number_goes_up_by_what_is_said() -> None:
    told = one("increment", {"field": "stats.points", "by": "{{ event@properties.total | round }}"})
    assert told.person.profile.stats == {"points": 13}

    assert one("increment", {"field": "stats.views"}).person.profile.stats == {"views": 1}
    assert one("increment", {"field": "stats.views", "by": "event@properties.plan"}).path[1] == "it.error"


def test_a_tag_is_added_once_and_never_an_empty_one() -> None:
    assert one("add-tag", {"tag": "plan-pro"}, profile={"traits": {"tags": ["plan-pro"]}}).person.profile.traits == {
        "tags": ["plan-pro"]
    }
    tag = {"tag": "{{ event@properties.gone }}"}
    assert visit("add-tag", tag) == Fail("The tag is empty.")
    assert visit("add-tag", {"tag": "a"}) == Go(changes=(Change("append_unique", "traits.tags", "a"),))


def test_a_tag_is_removed_and_the_others_stay() -> None:
    said = {"tag": "lapsed", "do": "remove"}
    left = one("add-tag", said, profile={"traits": {"tags": ["pro", "lapsed"]}}).person.profile.traits
    assert left == {"tags": ["pro"]}
    assert one("add-tag", said, profile={"traits": {}}).person.profile.traits == {}


def test_an_event_is_raised_with_what_it_says() -> None:
    told = one("raise-event", {"event_type": "reminded", "properties": {"id": "event@properties.id", "n": 1}})

    assert told.raised == [Raised("reminded", {"id": "o1", "n": 1})]


def test_people_enter_and_leave_segments() -> None:
    assert visit("enter-segment", {"segment": "vip"}) == Go(memberships=(Membership("vip", is_in=True),))
    assert visit("leave-segment", {"segment": "vip"}) == Go(memberships=(Membership("vip", is_in=False),))


def test_nobody_is_changed_in_a_run_without_a_person() -> None:
    assert visit("add-tag", {"tag": "a"}, profile_id=None).changes  # the engine refuses it


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field", "message"),
    [
        ("set-fields", fields({"field": "data.pii.fistname", "value": "a"}), "fields.0.field", "pii.firstname?"),
        ("set-fields", fields({"field": "consents.x", "value": 1}), "fields.0.field", "A flow cannot set it"),
        ("set-fields", fields(APPENDED), "fields.0.field", "append does not work"),
        ("set-fields", fields({"field": "traits.a", "value": "event@propertis.a"}), "fields.0.value", "no field"),
        ("set-fields", fields({"field": "traits.a", "value": {"b": "{{ x }}"}}), "fields.0.value.b", "no reference"),
        ("set-fields", {"fields": []}, "fields", "1 to 50"),
        ("increment", {"field": "data.pii.firstname"}, "field", "on which add does not work"),
        ("increment", {"field": "stats.a", "by": [1]}, "by", "Expected a number"),
        ("add-tag", {"tag": "{{ profile@data.pii.fistname }}"}, "tag", "Did you mean profile@data.pii.firstname?"),
        ("raise-event", {"event_type": "my-evnt"}, "event_type", "Did you mean my-event?"),
        ("raise-event", {"event_type": "segment-entered"}, "event_type", "the platform alone"),
        ("raise-event", {"event_type": "order-completed"}, "event_type", "senders tell of"),
        ("raise-event", {"event_type": "my-event", "properties": []}, "properties", "Expected an object"),
        ("enter-segment", {"segment": "by-flow"}, "segment", "Did you mean by-flows?"),
        ("leave-segment", {"segment": "by-condition"}, "segment", "goes by a condition"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_when_it_is_saved(kind: str, settings: Any, field: str, message: str) -> None:
    EventTypeFactory(type="my-event")
    SegmentFactory(key="by-flows", kind=Segment.Kind.FLOW, condition="")
    SegmentFactory(key="by-condition")

    found = refused(kind, settings)

    assert list(found) == [field]
    assert message in found[field]


@pytest.mark.django_db
def test_what_can_be_is_not_refused() -> None:
    EventTypeFactory(type="my-event")
    SegmentFactory(key="by-flows", kind=Segment.Kind.FLOW, condition="")

    assert refused("raise-event", {"event_type": "my-event"}) == {}
    assert refused("enter-segment", {"segment": "by-flows"}) == {}
