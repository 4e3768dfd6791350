"""The sample shop: the same each time, and never twice."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.console import samples
from apps.events.models import Event, InboxItem, RefusedEvent, Source
from apps.flows import definition
from apps.flows.models import Flow, Run
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.strategy import strategies
from apps.profiles import consents
from apps.profiles.consents import State
from apps.profiles.models import ConsentDecision, Profile
from apps.segments import counting, definitions
from apps.sessions.models import Session

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "PEOPLE", 20)


def what_is_there() -> list[tuple[object, ...]]:
    return list(Event.objects.order_by("time", "type", "properties").values_list("time", "type", "properties"))


def test_the_shop_has_people_visits_and_sales_of_the_last_month() -> None:
    told = samples.load(now=NOW)

    assert told == f"{Event.objects.count()} events of 20 people in a sample shop"
    assert Profile.objects.count() == 20
    assert {"page-view", "sale-completed", "sign-up", "visit-started"} <= set(
        Event.objects.values_list("type", flat=True)
    )
    assert not Event.objects.exclude(time__range=(NOW - timedelta(days=31), NOW)).exists()
    assert Profile.objects.exclude(email=None).exists()
    assert Session.objects.exclude(country="").exists()
    assert set(Source.objects.values_list("kind", flat=True)) == {"api", "webhook", "redirect"}


def test_there_are_segments_to_which_some_of_these_people_belong_and_some_do_not() -> None:
    samples.load(now=NOW)

    for segment in definitions.read().segments:
        assert 0 < counting.count(segment.condition, now=NOW).value < Profile.objects.count(), segment.name
    assert len(definitions.read().segments) == 4


def test_customers_have_agreed_withdrawn_or_were_never_asked() -> None:
    samples.load(now=NOW)

    customers = Profile.objects.filter(is_anonymous=False)
    states = {consents.state(row.consents, row.provenance, samples.CONSENT, at=NOW) for row in customers}
    assert states == {State.GIVEN, State.WITHDRAWN, State.NEVER}
    assert ConsentDecision.objects.filter(is_granted=False).exists()


def test_nothing_of_it_is_refused_and_nothing_sets_anything_in_motion() -> None:
    samples.load(now=NOW)

    assert not RefusedEvent.objects.exists()
    assert not InboxItem.objects.exists()
    assert not Event.objects.filter(is_silent=False).exists()
    assert not Event.objects.exclude(problems=None).exists()


def test_loading_it_again_adds_nothing() -> None:
    samples.load(now=NOW)
    before = what_is_there()

    samples.load(now=NOW)

    assert what_is_there() == before
    assert Profile.objects.count() == 20


def test_it_is_the_same_in_every_installation() -> None:
    samples.load(now=NOW)
    first = [each[1:] for each in what_is_there()]
    emails = set(Profile.objects.values_list("email", flat=True))
    for model in (Event, Profile, Session, Source):
        model.objects.all().delete()

    samples.load(now=NOW)

    assert [each[1:] for each in what_is_there()] == first
    assert set(Profile.objects.values_list("email", flat=True)) == emails


def test_there_is_a_heartbeat_of_each_strategy_that_begins_with_what_comes() -> None:
    for _ in range(2):
        samples.load(now=NOW)

    rows = Heartbeat.objects.all()
    assert sorted(row.strategy for row in rows) == sorted(strategies)
    assert {(row.is_enabled, row.counted_from, row.first_run) for row in rows} == {(True, NOW, "ripening")}


def test_flows_have_people_inside_and_nothing_wrong_with_them() -> None:
    samples.load(now=NOW)
    samples.load(now=NOW)

    inside, drawn = Flow.objects.get(key="left-the-cart"), Flow.objects.get(key="welcome")
    assert (inside.state, drawn.version) == (Flow.State.ON, None)
    assert Run.objects.filter(flow=inside, status=Run.Status.LIVE).count() > 5
    for row in (inside, drawn):
        assert [str(each) for each in definition.check(row.draft, row) if not each.is_warning] == []
