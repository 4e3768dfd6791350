"""Why somebody did not enter a flow."""

from datetime import timedelta
from typing import Any

import pytest

from apps.collector import accept
from apps.flows.models import Flow, Run
from apps.flows.triggers import why_not
from apps.flows.triggers.entry import Why
from apps.profiles.models import Profile
from apps.segments import definitions
from tests.factories import ConsentTypeFactory, SegmentFactory
from tests.flows.triggers.flowing import on_event, publish
from tests.shop import Shop

pytestmark = pytest.mark.django_db


def refusals(shop: Shop) -> list[tuple[str, str]]:
    found = why_not.of(Profile.objects.get(), now=shop.now)
    return [(each.why.value, each.event_type) for each in found]


def test_who_entered_was_not_refused(shop: Shop) -> None:
    publish(on_event())

    shop.track("checkout-started", "page-view", session="anna")

    assert refusals(shop) == []


@pytest.mark.parametrize(
    ("parts", "trigger", "sent", "why"),
    [
        ({"entry": {"frequency": "once"}}, {}, {}, Why.ALREADY),
        ({"entry": {"frequency": "interval", "interval_secs": 600}}, {}, {}, Why.TOO_SOON),
        ({"entry": {"frequency": "every", "max_live": 1}}, {}, {}, Why.FULL),
        ({"entry": {"key": "event@properties.order_id"}}, {}, {}, Why.NO_KEY),
        ({}, {"condition": "event@properties.total > 5"}, {}, Why.CONDITION),
        ({"consents": ["newsletter"]}, {}, {}, Why.CONSENT),
        ({}, {}, {"options": {"historical": True}}, Why.SILENT),
    ],
    ids=lambda value: value.value if isinstance(value, Why) else "",
)
def test_the_reason_is_found_again(shop: Shop, parts: Any, trigger: Any, sent: Any, why: Why) -> None:
    ConsentTypeFactory(id="newsletter")
    flow = publish(on_event(**trigger), **parts)
    shop.track("checkout-started", session="anna", **sent)
    shop.track("checkout-started", session="anna", **sent)

    found = why_not.of(Profile.objects.get(), now=shop.now)

    assert found[0].why is why
    assert found[0].flow == flow
    assert found[0].told == why_not.SAID[why]
    assert Run.objects.count() + len(found) == 2


def test_what_came_too_late(shop: Shop) -> None:
    publish(on_event(max_age_secs=3_600))

    shop.call("track", userId="anna", event="checkout-started", time=shop.now - timedelta(hours=2))

    assert refusals(shop) == [("late", "checkout-started")]


def test_the_consents_of_that_time_count(shop: Shop) -> None:
    ConsentTypeFactory(id="newsletter")
    publish(on_event(), consents=["newsletter"])
    shop.track("checkout-started", session="anna")
    given = {"type": "consent-update", "properties": {"consents": {"newsletter": True}}}
    shop.track(given, session="anna")
    shop.track("checkout-started", session="anna")

    assert refusals(shop) == [("consent", "checkout-started")]
    assert Run.objects.count() == 1


def test_only_flows_that_are_on_are_asked_about(shop: Shop) -> None:
    publish(on_event(condition="event@properties.total > 5"))
    shop.track("checkout-started", session="anna")
    assert len(refusals(shop)) == 1

    Flow.objects.update(state=Flow.State.OFF)

    assert refusals(shop) == []


def test_what_is_about_nobody_is_no_question_of_theirs(shop: Shop) -> None:
    publish({"kind": "webhook", "event_type": "checkout-started", "condition": "event@properties.total > 5"})
    publish(on_event(), on_event("page-view"))

    shop.track("checkout-started", session="anna")

    assert refusals(shop) == []


def test_a_change_of_another_segment_is_none_of_theirs(shop: Shop) -> None:
    for key in ("viewers", "buyers"):
        definitions.save(SegmentFactory.build(key=key, condition=f'DID("{key}")'))
        publish({"kind": "segment", "segment": key}, consents=["newsletter"])
    ConsentTypeFactory(id="newsletter")

    shop.call("track", userId="anna", event="viewers")
    accept.ingest(100, at=shop.now)  # what the platform says of that

    assert refusals(shop) == [("consent", "segment-entered")]
