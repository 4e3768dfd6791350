"""Events let people enter flows, in the transaction that stores them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.events.models import Event, Source
from apps.flows.models import Flow, Run, Wait
from apps.profiles.models import Profile
from apps.segments import definitions
from apps.segments.models import Segment
from tests.factories import ConsentTypeFactory, EventTypeFactory, SegmentFactory
from tests.flows.factories import RunFactory, WaitFactory
from tests.flows.triggers.flowing import on_event, publish, republish, runs, settle
from tests.shop import SDK, Shop, person

pytestmark = pytest.mark.django_db
ONCE: dict[str, Any] = {"frequency": "once"}
ORDER: dict[str, Any] = {"key": "event@properties.order_id"}


def order(number: object = "A-7", **values: Any) -> dict[str, Any]:
    return {"type": "checkout-started", "properties": {"order_id": number, **values}}


def test_who_does_what_a_trigger_looks_at_enters_at_once(shop: Shop) -> None:
    flow = publish(on_event())

    shop.track("page-view", order(), session="anna")

    [run] = runs(flow)
    event, anna = Event.objects.get(type="checkout-started"), Profile.objects.get()
    assert (run.profile_id, run.original_profile_id, run.version_id) == (anna.id, anna.id, flow.version_id)
    assert (run.status, run.trigger, run.due_at, run.started_at) == (Run.Status.LIVE, "t1", shop.now, shop.now)
    assert run.session_id == event.session_id
    assert run.entry_key is None
    assert run.state["event"]["id"] == str(event.id)
    assert run.state["event"]["properties"] == {"order_id": "A-7"}
    assert [token["node"] for token in run.state["tokens"]] == ["start"]


def test_a_flow_that_is_not_on_lets_nobody_enter(shop: Shop) -> None:
    flow = publish(on_event())
    for state in (Flow.State.OFF, Flow.State.PAUSED):
        Flow.objects.filter(pk=flow.pk).update(state=state)
        shop.track(order(), session="anna")

    assert runs(flow) == []


def test_what_was_published_last_counts(shop: Shop) -> None:
    flow = republish(publish(on_event("refund")), on_event())

    shop.track(order(), "refund", session="anna")

    [run] = runs(flow)
    assert run.version.number == 2


@pytest.mark.parametrize(
    ("condition", "is_in"),
    [
        ("event@properties.total > 50", True),
        ("event@properties.total > 500", False),
        ("event@properties.absent > 5", False),
        ('profile@traits.plan = "pro"', True),
        ('profile@traits.plan = "free"', False),
        ('profile@segments CONTAINS "pros"', True),
        ('profile@segments CONTAINS "others"', False),
        ('session@channel = "Web"', False),
        ('NEVER ASKED("newsletter")', True),
    ],
)
def test_a_condition_reads_event_and_person_as_they_are_then(shop: Shop, condition: str, is_in: bool) -> None:
    ConsentTypeFactory(id="newsletter")
    definitions.save(SegmentFactory.build(key="pros", condition='profile@traits.plan = "pro"'))
    flow = publish(on_event(condition=condition))

    shop.call("identify", userId="anna", traits={"plan": "pro"})
    shop.call("track", userId="anna", event="checkout-started", properties={"total": 99})

    assert bool(runs(flow)) is is_in


def test_of_two_triggers_that_one_event_meets_one_lets_people_enter(shop: Shop) -> None:
    flow = publish(on_event(condition="event@properties.total > 9"), on_event())

    shop.track(order(total=10), order(total=1), session="anna")

    assert [run.trigger for run in runs(flow)] == ["t1", "t2"]


def test_flows_of_greater_priority_come_first(shop: Shop) -> None:
    flows = [publish(on_event(), priority=priority) for priority in (0, 5, -5)]

    shop.track(order(), session="anna")

    assert [run.flow_id for run in Run.objects.order_by("id")] == [flows[1].id, flows[0].id, flows[2].id]


@pytest.mark.parametrize(("percent", "are_traced"), [(0, False), (100, True)])
def test_so_many_runs_are_traced_as_the_flow_says(shop: Shop, percent: int, are_traced: bool) -> None:
    flow = publish(on_event(), trace_percent=percent)
    for _ in range(5):
        shop.track("checkout-started", session="anna")

    assert [run.is_traced for run in runs(flow)] == [are_traced] * 5


class TestWhatStartsNothing:
    def test_history(self, shop: Shop) -> None:
        flow = publish(on_event())

        shop.track(order(), session="anna", options={"historical": True})

        assert Event.objects.filter(type="checkout-started").count() == 1
        assert runs(flow) == []

    @pytest.mark.parametrize(("hours", "n_runs"), [(23, 1), (25, 0)])
    def test_what_comes_too_late(self, shop: Shop, hours: int, n_runs: int) -> None:
        flow = publish(on_event(max_age_secs=24 * 3_600))

        shop.call("track", userId="anna", event="checkout-started", time=shop.now - timedelta(hours=hours))

        assert len(runs(flow)) == n_runs

    def test_a_repetition(self, shop: Shop) -> None:
        flow = publish(on_event())
        for _ in range(3):
            shop.call("track", userId="anna", event="checkout-started", messageId="m1", time=shop.now)

        assert len(runs(flow)) == 1

    def test_what_is_not_kept(self, shop: Shop) -> None:
        flow = publish(on_event())

        shop.track(order(), session="anna", options={"saveEvents": False})
        shop.track(order(), session="bo", options={"saveProfile": False})

        assert runs(flow) == []

    def test_what_is_not_as_its_type_says(self, shop: Shop) -> None:
        EventTypeFactory(type="booking", schema={"type": "object", "required": ["order_id"]}, policy="flag")
        flow = publish(on_event("booking"))

        shop.track("booking", session="anna")

        assert Event.objects.filter(is_valid=False).count() == 1
        assert runs(flow) == []


class TestConsents:
    @pytest.fixture
    def flow(self, shop: Shop) -> Flow:
        ConsentTypeFactory(id="newsletter")
        return publish(on_event(), consents=["newsletter"])

    def decide(self, shop: Shop, *, is_given: bool) -> None:
        event = {"type": "consent-update", "properties": {"consents": {"newsletter": is_given}}}
        shop.track(event, session="anna")

    def test_without_one_nobody_enters(self, shop: Shop, flow: Flow) -> None:
        shop.track(order(), session="anna")
        assert runs(flow) == []

        self.decide(shop, is_given=True)
        shop.track(order(), session="anna")
        assert len(runs(flow)) == 1

        self.decide(shop, is_given=False)
        shop.track(order(), session="anna")
        assert len(runs(flow)) == 1

    def test_what_was_given_a_moment_before_counts(self, shop: Shop, flow: Flow) -> None:
        given = {"type": "consent-update", "properties": {"consents": {"newsletter": True}}}

        shop.track(given, order(), session="anna")

        assert len(runs(flow)) == 1

    @pytest.mark.parametrize("state", ["given", "withdrawn"])
    def test_giving_and_withdrawing_lets_people_enter(self, shop: Shop, state: str, flow: Flow) -> None:
        observing = publish({"kind": "consent", "consent": "newsletter", "state": state})

        self.decide(shop, is_given=True)
        self.decide(shop, is_given=True)  # says nothing new
        assert len(runs(observing)) == (state == "given")
        self.decide(shop, is_given=False)
        self.decide(shop, is_given=False)

        [run] = runs(observing)
        assert run.state["event"]["type"] == "consent-update"
        token = run.state["tokens"][0]
        before = ("given", "withdrawn") if state == "withdrawn" else ("never", "given")
        assert token["payload"] == {"consent": "newsletter", "before": before[0], "after": before[1]}

    def test_no_consent_is_known_of_nobody(self, shop: Shop, flow: Flow) -> None:
        flow = republish(flow, {"kind": "webhook", "event_type": "feed-item"}, consents=["newsletter"])

        shop.track("feed-item", session="anna")

        assert runs(flow) == []


class TestEntry:
    def test_once_is_once(self, shop: Shop) -> None:
        flow = publish(on_event(), entry=ONCE)
        for _ in range(2):
            shop.track(order(), order(), session="anna")
        shop.track(order(), session="bo")

        assert len(runs(flow)) == 2

    def test_once_is_once_in_all_versions_and_when_it_was_another_rule(self, shop: Shop) -> None:
        flow = publish(on_event())
        shop.track(order(), session="anna")

        shop.track(order(), session="anna")
        republish(flow, on_event(), entry=ONCE)
        shop.track(order(), session="anna")

        assert len(runs(flow)) == 2

    def test_once_holds_for_the_survivor_of_a_merge(self, shop: Shop) -> None:
        flow = publish(on_event(), entry=ONCE)
        shop.track(order(), session="phone")  # who is to be merged away
        shop.call("identify", userId="anna", anonymousId="laptop")
        gone = Run.objects.get().profile_id
        body = {"userId": "anna", "anonymousId": "phone-device", "event": "sign-in"}
        shop.track("page-view", session="phone")
        by_hand(shop, gone, person(primary_id="anna"))
        shop.call("track", **body | {"event": "checkout-started"})

        [run] = runs(flow)
        assert run.profile_id == person(primary_id="anna").id != gone

    def test_a_key_holds_for_the_survivor_of_a_merge(self, shop: Shop) -> None:
        flow = publish(on_event(), entry=ORDER)
        shop.track(order("A-7"), session="phone")
        shop.call("identify", userId="anna")
        gone = Run.objects.get().profile_id
        by_hand(shop, gone, person(primary_id="anna"))
        shop.call("track", userId="anna", event="checkout-started", properties={"order_id": "A-7"})
        shop.call("track", userId="anna", event="checkout-started", properties={"order_id": "A-8"})

        assert [run.state["event"]["properties"]["order_id"] for run in runs(flow)] == ["A-7", "A-8"]

    def test_each_key_has_one_run_and_without_one_there_is_none(self, shop: Shop) -> None:
        flow = publish(on_event(), entry=ORDER)

        shop.track(order("A-7"), order("A-8"), order("A-7"), order(None), session="anna")
        shop.track(order("A-8"), order("A-9"), session="anna")
        shop.track(order("A-7"), session="bo")

        said = [run.state["event"]["properties"]["order_id"] for run in runs(flow)]
        assert said == ["A-7", "A-8", "A-9", "A-7"]

    def test_once_in_a_day(self, shop: Shop) -> None:
        flow = publish(on_event(), entry={"frequency": "interval", "interval_secs": 86_400})
        for hours in (0, 10, 13.9, 0.2):
            shop.later(hours=hours)
            shop.track(order(), session="anna")

        assert len(runs(flow)) == 2

    def test_no_more_at_once_than_may_be(self, shop: Shop) -> None:
        flow = publish(on_event(), entry={"frequency": "every", "max_live": 2})

        shop.track(*[order() for _ in range(5)], session="anna")
        assert len(runs(flow)) == 2

        Run.objects.filter(pk=runs(flow)[0].pk).update(status=Run.Status.FINISHED, due_at=None)
        shop.track(*[order() for _ in range(5)], session="anna")
        assert len(runs(flow)) == 3

    def test_a_run_of_a_sub_flow_is_no_entry(self, shop: Shop) -> None:
        flow = publish(on_event(), entry=ONCE)
        shop.track("page-view", session="anna")
        RunFactory(version=flow.version, profile_id=Profile.objects.get().id, parent_id=flow.id)

        shop.track(order(), session="anna")

        assert len(runs(flow)) == 2


def by_hand(shop: Shop, gone: Any, kept: Profile) -> None:
    from apps.events.resolution import by_hand as merging
    from tests.factories import ANNA

    merging.merge(kept.id, gone, actor=ANNA, now=shop.later(seconds=1))


class TestNobody:
    @pytest.fixture
    def flow(self, shop: Shop) -> Flow:
        return publish({"kind": "webhook", "event_type": "feed-item"})

    def test_an_event_of_nobody_begins_a_run_without_a_person(self, shop: Shop, flow: Flow) -> None:
        shop.source.kind = Source.Kind.WEBHOOK

        shop.track("feed-item", session="anna")

        [run] = runs(flow)
        assert (run.profile_id, run.original_profile_id) == (None, None)

    @pytest.mark.parametrize(
        ("entry", "n_runs"),
        [
            ({}, 4),
            (ONCE, 1),
            ({"key": "event@properties.id"}, 2),
            ({"frequency": "every", "max_live": 3}, 3),
            ({"frequency": "interval", "interval_secs": 60}, 1),
            ({"frequency": "interval", "interval_secs": 60, "key": "event@properties.id"}, 2),
        ],
    )
    def test_rules_hold_for_nobody_too(self, shop: Shop, flow: Flow, entry: Any, n_runs: int) -> None:
        republish(flow, {"kind": "webhook", "event_type": "feed-item"}, entry=entry)
        items = [{"type": "feed-item", "properties": {"id": id}} for id in (1, 1, 2, 2)]
        for half in (items[::2], items[1::2]):
            shop.track(*half, session=None)

        assert len(runs(flow)) == n_runs


@pytest.mark.parametrize("key", ["", "event@properties.order_id"])
@pytest.mark.parametrize("session", ["anna", None])
def test_who_entered_before_the_rule_was_changed_counts(shop: Shop, session: Any, key: str) -> None:
    trigger = on_event() if session else {"kind": "webhook", "event_type": "checkout-started"}
    shop.source.kind = shop.source.kind if session else Source.Kind.WEBHOOK
    rules = [{"frequency": "interval", "interval_secs": secs} for secs in (60, 86_400, 61, 60)]
    flow, numbers = publish(trigger), []
    for rule in (*rules, {"frequency": "once"}):
        republish(flow, trigger, entry={**rule, "key": key})
        shop.later(minutes=2)
        shop.track(order("A-7"), session=session)
        numbers.append(len(runs(flow)))

    assert numbers == [1, 1, 2, 3, 3]


class TestFields:
    def test_a_field_that_changes_lets_people_enter(self, shop: Shop) -> None:
        flow = publish({"kind": "field", "field": "profile@traits.plan"})
        for plan in ("free", "free", "pro"):
            shop.call("identify", userId="anna", traits={"plan": plan})

        first, second = runs(flow)
        assert first.state["tokens"][0]["payload"] == {"field": "traits.plan", "before": None, "after": "free"}
        assert second.state["tokens"][0]["payload"] == {"field": "traits.plan", "before": "free", "after": "pro"}
        assert second.state["event"]["type"] == "identify"

    def test_only_if_its_condition_holds(self, shop: Shop) -> None:
        flow = publish({"kind": "field", "field": "profile@traits.plan", "condition": 'profile@traits.plan = "pro"'})
        for plan in ("free", "pro", "free"):
            shop.call("identify", userId="anna", traits={"plan": plan})

        assert len(runs(flow)) == 1

    def test_what_history_says_changes_nothing(self, shop: Shop) -> None:
        flow = publish({"kind": "field", "field": "profile@traits.plan"})

        shop.call("identify", userId="anna", traits={"plan": "pro"}, historical=True)

        assert person(primary_id="anna").traits["plan"] == "pro"
        assert runs(flow) == []


class TestSegments:
    @pytest.fixture
    def pros(self, shop: Shop) -> Segment:
        definitions.save(SegmentFactory.build(key="pros", condition='profile@traits.plan = "pro"'))
        return Segment.objects.get(key="pros")

    @pytest.mark.parametrize("change", ["entered", "left"])
    def test_who_enters_or_leaves_one_enters(self, shop: Shop, pros: Segment, change: str) -> None:
        flow = publish({"kind": "segment", "segment": "pros", "change": change})
        other = publish({"kind": "segment", "segment": "others", "change": change})
        for plan in ("pro", "free"):
            shop.call("identify", userId="anna", traits={"plan": plan})
            settle(shop)

        [run] = runs(flow)
        assert run.state["event"]["properties"]["segment"] == "pros"
        assert run.profile_id == person(primary_id="anna").id
        assert runs(other) == []

    def test_what_a_new_definition_finds_starts_nothing(self, shop: Shop, pros: Segment) -> None:
        flow = publish({"kind": "segment", "segment": "pros"})
        Segment.objects.update(built_at=None)

        shop.call("identify", userId="anna", traits={"plan": "pro"})
        settle(shop)

        assert Event.objects.filter(type="segment-entered", is_silent=True).count() == 1
        assert runs(flow) == []


def test_who_waits_goes_on_and_nobody_waits_for_what_let_them_enter(shop: Shop) -> None:
    flow = publish(on_event())
    shop.track(order(), session="anna")
    anna, [run] = Profile.objects.get(), runs(flow)
    wait = WaitFactory(profile_id=anna.id, run_id=run.id, type="checkout-started")
    Run.objects.filter(pk=run.pk).update(due_at=shop.now + timedelta(days=1))
    from apps.flows.runs import awaited

    awaited.note(["checkout-started"])

    shop.track(order("A-8"), session="anna")

    wait.refresh_from_db()
    assert [event["properties"]["order_id"] for event in wait.met] == ["A-8"]
    assert Run.objects.get(pk=run.pk).due_at == shop.now
    assert len(runs(flow)) == 2
    assert Wait.objects.count() == 1


def test_the_number_of_statements_depends_neither_on_people_nor_on_flows(shop: Shop) -> None:
    ConsentTypeFactory(id="newsletter")
    for number in range(12):
        publish(on_event(), entry=(ONCE, ORDER, {}, {"max_live": 3})[number % 4])
        publish({"kind": "field", "field": "profile@traits.plan"}, {"kind": "consent", "consent": "newsletter"})
        publish(on_event(condition=f'profile@segments CONTAINS "s{number}"'))
    counts = []
    for size in (2, 1, 20):
        users = [f"{size}-{number}" for number in range(size)]
        calls = [
            shop.message(SDK, {"userId": user, **said}, call=call)
            for call, said in (
                ("track", {"event": "checkout-started", "properties": {"order_id": "A-7"}}),
                ("identify", {"traits": {"plan": "pro"}}),
            )
            for user in users
        ]
        with CaptureQueriesContext(connection) as captured:
            shop.process(*calls)
        counts.append(len(captured))

    assert counts[1] == counts[2]
    assert Run.objects.count() == 23 * (12 + 12)
