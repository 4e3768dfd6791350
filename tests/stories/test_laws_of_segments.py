"""The law of segments, on random stories through the real pipeline: people are where the conditions say they are."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.collector import accept
from apps.events.computed_traits import definitions as defining
from apps.events.store import partitions
from apps.segments import definitions
from apps.segments.models import Reevaluation
from apps.segments.runs import reconciling
from apps.segments.runs.reconciling import Range
from apps.segments.stream import evaluation
from tests.factories import ComputedTraitFactory, ConsentTypeFactory
from tests.laws import examples
from tests.segments.people import run, segment
from tests.shop import Shop

# Of each sort one, and some that ask about others.
CONDITIONS = {
    "pro": 'profile@traits.plan = "pro"',
    "named": "profile@primary_id EXISTS AND profile@is_anonymous = FALSE",
    "busy": "profile@events.count >= 4",
    "recent": "profile@last_seen_at > now() - 30 DAYS",
    "spender": "profile@computed.spent >= 20",
    "buyer": 'DID("buy" LAST 30 DAYS)',
    "regular": 'COUNT("buy" WHERE event@properties.total > 5 LAST 30 DAYS) >= 2',
    "dear": 'SUM(event@properties.total OF "buy") > 25',
    "dearer": 'SUM(event@properties.total OF "buy") > 35',
    "silent": 'DID NOT("view" LAST 30 DAYS)',
    "bought-after-a-look": 'SEQUENCE("view" THEN "buy" WITHIN 2 DAYS)',
    "quiet": "DID NOT(ANY EVENT LAST 30 DAYS)",
    "busy-lately": "COUNT(ANY EVENT LAST 30 DAYS) >= 3",
    "not-yet": 'profile@segments CONTAINS "pro" AND NOT profile@segments CONTAINS "buyer"',
    "readers": 'CONSENTED("letters")',
    "gone": 'WITHDREW("letters") OR EXPIRED("letters")',
    "unasked": 'NEVER ASKED("letters") AND profile@visits.count > 0',
    "either": 'profile@segments CONTAINS "not-yet" OR profile@segments CONTAINS "bought-after-a-look"',
}
EVERYBODY = Range(UUID(int=0), UUID(int=2**128 - 1))
WHO = st.fixed_dictionaries(
    {}, optional={"userId": st.sampled_from(["anna", "ben"]), "anonymousId": st.sampled_from(["d1", "d2", "d3"])}
).filter(bool)
WHAT = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("identify"), "traits": st.fixed_dictionaries({"plan": st.sampled_from(["pro", "free"])})}
    ),
    st.fixed_dictionaries({"type": st.just("track"), "event": st.just("view")}),
    st.fixed_dictionaries(
        {
            "type": st.just("track"),
            "event": st.just("consent-update"),
            "properties": st.sampled_from([True, False]).map(lambda said: {"consents": {"letters": said}}),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("track"),
            "event": st.just("buy"),
            "properties": st.fixed_dictionaries({"total": st.sampled_from([1, 10, 12.5, "much", None])}),
        }
    ),
)
DAYS_AGO = st.sampled_from([0, 0, 0, 1, 3, 20, 40])
STORY = st.lists(st.lists(st.tuples(WHO, WHAT, DAYS_AGO), min_size=1, max_size=5), max_size=8)
lawful = settings(
    max_examples=examples(5, nightly=200),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes here
    suppress_health_check=list(HealthCheck),
)


def misplaced(shop: Shop) -> dict[str, Any]:
    """Ask the database who is where they do not belong."""
    found = {each.key: reconciling.different(each, EVERYBODY, now=shop.now) for each in definitions.read().segments}
    return {key: people for key, people in found.items() if people}


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [evaluation.MAX_EVENTS, 0], ids=["in memory", "by SQL"])
def test_whatever_happens_nobody_is_in_a_wrong_segment(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MAX_EVENTS", limit)
    this_month = partitions.month_of(timezone.now())
    partitions.ensure(partitions.next_month(this_month, steps=-step) for step in range(3))

    @lawful
    @given(STORY)
    def tell(batches: list[list[tuple[dict[str, str], dict[str, Any], int]]]) -> None:
        story = transaction.atomic()
        story._from_testcase = True  # type: ignore[attr-defined]  # as that of the test: a claim takes none for its own
        with story:
            shop = begin()
            for batch in batches:
                shop.later(minutes=1)
                shop.process(*(message(shop, *said) for said in batch))
                shop.settle()
                run(Reevaluation.Kind.INCREMENTAL, *CONDITIONS, now=shop.now)  # those alone whose events had to move
                accept.ingest(100, at=shop.later(seconds=1))  # what was announced
                assert misplaced(shop) == {}
            transaction.set_rollback(True)

    tell()


def begin() -> Shop:
    """Begin with nobody."""
    defining.save(ComputedTraitFactory.build(key="spent", function="sum", event_types=["buy"], path="properties.total"))
    for key, condition in CONDITIONS.items():
        segment(key, condition)
    ConsentTypeFactory(id="letters", valid_days=30)
    shop = Shop()
    shop.now = timezone.now() - timedelta(hours=1)  # runs go by the clock, after all of the story
    return shop


def message(shop: Shop, who: dict[str, str], what: dict[str, Any], days_ago: int) -> Any:
    what = {**what, **who, "timestamp": (shop.now - timedelta(days=days_ago)).isoformat()}
    return shop.message("sdk", what, call=what.pop("type"))
