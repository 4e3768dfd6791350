"""What was processed is freed at once: with circles in it, it would wait for Python's collector, which runs seldom."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rest_framework.test import APIClient

from apps.profiles.models import Merge
from tests.factories import SourceFactory, track_body
from tests.shop import SDK, TRACK, Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]

ANNA = {"anonymousId": "annas-phone", "userId": "anna", "traits": {"email": "anna@shop.example", "plan": "pro"}}
CONSENT = {"type": "consent-update", "properties": {"consents": {"letters": True}}}


@contextmanager
def circles() -> Iterator[Counter[str]]:
    """Count our own objects that nobody holds any more, and that were not freed, by their class."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        kinds = (type(each) for each in gc.garbage)
        found.update(f"{kind.__module__}.{kind.__name__}" for kind in kinds if kind.__module__.startswith("apps."))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def identify_on_two_devices(shop: Shop) -> None:
    shop.call("identify", **ANNA)
    shop.call("track", event="Lesson Finished", anonymousId="annas-tablet", properties={"score": 5})
    shop.call("identify", **{**ANNA, "anonymousId": "annas-tablet"})
    assert Merge.objects.exists()


def browse_and_decide(shop: Shop) -> None:
    for session in ("a", "b"):
        shop.track(
            "page-view", CONSENT, {"type": "page-view", "properties": {"url": "https://shop.example"}}, session=session
        )


def refuse_some(shop: Shop) -> None:
    wrong = shop.message(SDK, {**ANNA, "event": ""}, call="track")
    right = shop.message(TRACK, track_body(shop.source, "page-view"))
    shop.process(wrong, right, right)


@pytest.mark.parametrize("work", [identify_on_two_devices, browse_and_decide, refuse_some])
def test_a_batch_is_freed_when_it_is_stored(work: Callable[[Shop], None]) -> None:
    shop = Shop()
    work(shop)  # whatever is kept from one batch to the next is there now

    with circles() as found:
        work(shop)

    assert not found


def test_a_request_is_freed_when_it_is_answered() -> None:
    source, client = SourceFactory(), APIClient()
    bodies = [track_body(source, "page-view"), track_body(source, ""), {"source": {"id": "nobody"}, "events": []}]
    send = [lambda body=body: client.post("/track", body, format="json").status_code for body in bodies]
    first = [each() for each in send]

    with circles() as found:
        assert [each() for each in send] == first

    assert set(found) <= {"apps.collector.api.views.TrackView"}  # the framework's views and requests have each other
