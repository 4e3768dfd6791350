"""People go through a flow as they would have: by what is stored of them, in the order of time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core.ids import new_id
from apps.flows.models import Flow, QuietHours
from apps.flows.testing import story
from apps.profiles.models import ConsentDecision, Profile
from tests.bridges.factories import ConnectionFactory
from tests.factories import (
    NOON,
    ConsentTypeFactory,
    EventFactory,
    EventTypeFactory,
    MembershipFactory,
    ProfileFactory,
    SegmentFactory,
)
from tests.flows.factories import FrequencyCapFactory, QuietHoursFactory
from tests.flows.simulating.simulated import not_entered, simulated

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = NOON + 5 * DAY
BOUGHT = {"id": "bought", "kind": "event", "event_type": "bought"}
PAID = {"id": "paid", "name": "Paid", "event_type": "paid", "within_secs": 86_400}


def flow(*nodes: dict[str, Any], edges: list[str], trigger: dict[str, Any] | None = None, **parts: Any) -> Flow:
    """Return a flow whose draft begins by a purchase; its edges are written as a.port b."""
    ways = []
    for each in edges:
        begin, to = each.split()
        node, _, port = begin.partition(".")
        ways.append({"from": node, "port": port or "out", "to": to})
    all_nodes = [{"id": "start", "kind": "start"}, *nodes, {"id": "end", "kind": "end"}]
    draft = {"triggers": [trigger or BOUGHT], "nodes": all_nodes, "edges": ways, **parts}
    return Flow.objects.create(key="welcome", name="Welcome", draft=draft)


def node(id: str, kind: str, /, **settings: Any) -> dict[str, Any]:
    return {"id": id, "kind": kind, "settings": settings}


def does(person: Profile, type: str, *, after: timedelta = timedelta(0), **properties: Any) -> None:
    at = NOON + after
    EventFactory(type=type, time=at, profile_id=person.pk, original_profile_id=person.pk, properties=properties)


def counted(row: Flow, **terms: Any) -> dict[str, Any]:
    return simulated(row, **{"now": END, "days": 6, **terms})


def cart() -> Flow:
    """Return the flow of abandoned carts: whoever does not pay for an order within an hour is counted at `late`."""
    awaited = {"awaits": "paid", "match": {"properties.order": "event@properties.order"}, "time_out": "1 hour"}
    return flow(
        node("pays", "wait-for-event", **awaited),
        node("late", "remember", memory={"late": True}),
        edges=["start pays", "pays end", "pays.time_out late", "late end"],
        entry={"frequency": "every", "key": "event@properties.order"},
        goals=[PAID],
    )


def test_a_wait_for_an_event_is_met_by_what_was_stored_after_the_entry() -> None:
    in_time, late, other, never = (ProfileFactory() for _ in range(4))
    for each in (in_time, late, other, never):
        does(each, "bought", order=each.primary_id or str(each.pk))
    does(in_time, "paid", after=HOUR, order=str(in_time.pk))  # just in time
    does(late, "paid", after=2 * HOUR, order=str(late.pk))
    does(other, "paid", after=HOUR / 2, order="another")
    row = cart()
    row.draft["goals"] = []

    found = counted(row)

    assert found["edges"] == {
        "start.out -> pays": 4,
        "pays.out -> end": 1,
        "pays.time_out -> late": 3,
        "late.out -> end": 3,
    }
    assert found["nodes"]["pays"] == {
        **{"entered": 4, "left": {"out": 1, "time_out": 3}, "waiting_at_end": 0, "failed": 0, "ended": {}}
    }
    assert found["endings"] == {"finished": 4}
    sample = found["samples"]["pays.out -> end"][0]
    assert (sample["profile_id"], sample["event_type"]) == (in_time.pk, "bought")
    assert (sample["entered_at"], sample["at"]) == (NOON, NOON + HOUR)


def test_a_goal_ends_a_run_and_counts_after_its_end() -> None:
    in_time, late, never = (ProfileFactory() for _ in range(3))
    for each in (in_time, late, never):
        does(each, "bought", order="1")
    does(in_time, "paid", after=HOUR / 2)
    does(late, "paid", after=2 * HOUR)

    found = counted(cart())

    assert found["goals"] == {"paid": 2}
    assert found["endings"] == {"goal": 1, "finished": 2}
    assert found["nodes"]["pays"]["ended"] == {"goal": 1}


def test_an_exit_ends_a_run_wherever_it_is() -> None:
    anna, ben = ProfileFactory(), ProfileFactory()
    does(anna, "bought")
    does(anna, "cancelled", after=HOUR)
    does(ben, "bought")
    row = flow(
        node("wait", "wait", length="2 days"), edges=["start wait", "wait end"], exits=[{"event_type": "cancelled"}]
    )

    found = counted(row)

    assert found["exits"] == {"The event cancelled came.": 1}
    assert found["endings"] == {"exited": 1, "finished": 1}


def test_who_is_under_way_at_the_end_is_counted_where_they_wait() -> None:
    anna = ProfileFactory()
    does(anna, "bought", after=4 * DAY)

    found = counted(flow(node("wait", "wait", length="2 days"), edges=["start wait", "wait end"]))

    assert found["nodes"]["wait"]["waiting_at_end"] == 1
    assert found["endings"] == {"waiting": 1}
    assert [each["at"] for each in found["samples_waiting"]["wait"]] == [NOON + 4 * DAY]


@pytest.mark.parametrize(
    ("entry", "refused", "n_entered"),
    [
        ({}, {}, 4),
        ({"frequency": "once"}, {"already": 3}, 1),
        ({"frequency": "interval", "interval_secs": 86_400}, {"too soon": 2}, 2),
        ({"max_live": 1}, {"full": 2}, 2),
        ({"key": "event@properties.order"}, {"already": 1, "no key": 1}, 2),
    ],
)
def test_rules_of_entry_are_applied(entry: dict[str, Any], refused: dict[str, int], n_entered: int) -> None:
    anna = ProfileFactory()
    for hours, said in ((0, {"order": 1}), (1, {"order": 1}), (2, {}), (24, {"order": 2})):
        does(anna, "bought", after=hours * HOUR, **said)
    row = flow(node("wait", "wait", length="10 hours"), edges=["start wait", "wait end"], entry=entry)

    found = counted(row)

    assert (found["n_met"], found["n_entered"], not_entered(found)) == (4, n_entered, refused)
    assert found["triggers"] == {"bought": {"met": 4, "entered": n_entered}}


def test_a_condition_sees_the_past_as_it_was_then() -> None:
    anna = ProfileFactory()
    for days in range(3):
        does(anna, "bought", after=days * DAY)
    asks = node("asks", "condition", condition='COUNT("bought" LAST 30 DAYS) >= 2')
    row = flow(asks, edges=["start asks", "asks.true end"])

    assert counted(row)["nodes"]["asks"]["left"] == {"true": 2, "false": 1}


def test_segments_and_consents_are_as_they_were_then() -> None:
    anna = ProfileFactory()
    ConsentTypeFactory(id="news")
    for at, is_granted in ((NOON - DAY, True), (NOON + 2 * DAY, False)):
        decided(anna, at, is_granted=is_granted)
    vips = SegmentFactory(key="vips")
    MembershipFactory(segment=vips, profile_id=anna.pk, entered_at=NOON - DAY, left_at=NOON + DAY, left_because="event")
    for days in (0, 1, 3):
        does(anna, "bought", after=days * DAY)
    asks = node("asks", "condition", condition='profile@segments CONTAINS "vips"')
    row = flow(asks, edges=["start asks", "asks.true end"], consents=["news"])

    found = counted(row)

    assert not_entered(found) == {"consent": 1}
    assert found["nodes"]["asks"]["left"] == {"true": 1, "false": 1}
    assert found["caveats"] == []


def decided(person: Profile, at: datetime, *, is_granted: bool) -> None:
    ConsentDecision.objects.create(
        profile_id=person.pk,
        consent_type_id="news",
        is_granted=is_granted,
        decided_at=at,
        recorded_at=at,
        text_version=1,
        source_id=new_id(),
        event_id=new_id(),
    )


def test_a_consent_lets_people_enter_and_its_withdrawal_takes_them_out() -> None:
    anna = ProfileFactory()
    ConsentTypeFactory(id="news")
    for hours, is_granted in ((0, True), (1, True), (2, False)):
        decided(anna, NOON + hours * HOUR, is_granted=is_granted)
    does(anna, "consent-update", after=2 * HOUR, consents={"news": {"revoke": NOON.isoformat()}})
    trigger = {"id": "given", "kind": "consent", "consent": "news"}
    row = flow(
        node("wait", "wait", length="1 day"), edges=["start wait", "wait end"], trigger=trigger, consents=["news"]
    )

    found = counted(row)

    assert (found["n_entered"], found["endings"]) == (1, {"removed": 1})


def test_a_segment_lets_people_enter_by_what_the_platform_has_stored() -> None:
    anna = ProfileFactory()
    SegmentFactory(key="vips")
    SegmentFactory(key="others")
    does(anna, "segment-entered", segment="vips")
    does(anna, "segment-entered", segment="others")
    does(anna, "segment-left", segment="vips")
    trigger = {"id": "vip", "kind": "segment", "segment": "vips"}

    found = counted(flow(edges=["start end"], trigger=trigger))

    assert (found["n_met"], found["n_entered"], not_entered(found)) == (1, 1, {})


def test_a_field_lets_people_enter_as_far_as_events_show_that_it_changed() -> None:
    known, new = ProfileFactory(first_seen_at=NOON - 30 * DAY), ProfileFactory(first_seen_at=NOON)
    EventTypeFactory(type="subscribed", overrides={"profile": {"traits.plan": {"equals": "properties.plan"}}})
    for person in (known, new):
        for hours, plan in enumerate(("free", "free", "pro")):
            does(person, "subscribed", after=hours * HOUR, plan=plan)
    trigger = {"id": "plan", "kind": "field", "field": "profile@traits.plan"}
    asks = node("asks", "condition", condition='payload@after = "pro"')

    found = counted(flow(asks, edges=["start asks", "asks.true end"], trigger=trigger))

    assert found["nodes"]["asks"]["left"] == {"true": 2, "false": 1}


def test_dates_and_schedules_come_round_in_the_period() -> None:
    anna = ProfileFactory(data={"pii": {"birthday": "1990-11-25"}})
    ProfileFactory(data={"pii": {"birthday": "1990-12-25"}})
    MembershipFactory(segment=SegmentFactory(key="vips"), profile_id=anna.pk, entered_at=NOON + DAY)
    birthday = {"id": "day", "kind": "date", "field": "profile@data.pii.birthday", "yearly": True}
    nightly = {"id": "night", "kind": "schedule", "cron": "0 3 * * *", "segment": "vips"}
    nobody = {"id": "alone", "kind": "schedule", "cron": "0 4 * * 1"}
    row = flow(edges=["start end"])
    row.draft["triggers"] = [birthday, nightly, nobody]

    found = counted(row)

    assert found["triggers"] == {
        **{"day": {"met": 1, "entered": 1}, "night": {"met": 4, "entered": 4}, "alone": {"met": 1, "entered": 1}}
    }
    assert found["edges"] == {"start.out -> end": 6}


def test_caps_and_quiet_hours_hold_back_what_is_sent() -> None:
    ConnectionFactory(name="Mail", kind="smtp")
    FrequencyCapFactory(channel="email", most=1, period=DAY)
    QuietHoursFactory()
    assert QuietHours.objects.exists()
    anna = ProfileFactory()
    for hours in (0, 1, 11):  # the last one at night: it is written in the morning
        does(anna, "bought", after=hours * HOUR)
    mail = node("mail", "email", connection="Mail", to="a@example.com", subject="Hi", html="<p>!</p>")

    found = counted(flow(mail, edges=["start mail", "mail end", "mail.capped end"]))

    assert found["deliveries"] == [{"kind": "smtp", "connection": "Mail", "channel": "email", "n": 1}]
    assert found["nodes"]["mail"]["left"] == {"out": 1, "capped": 2}
    assert any("Caps count" in each for each in found["caveats"])


def test_branches_are_drawn_as_real_runs_draw_them() -> None:
    people = [ProfileFactory() for _ in range(40)]
    for each in people:
        does(each, "bought")
    split = node("split", "split", branches=[{"port": "a"}, {"port": "b"}])
    row = flow(split, edges=["start split", "split.a end", "split.b end"])

    first, again = counted(row), counted(row, seed=7)

    assert first["nodes"]["split"]["left"] == again["nodes"]["split"]["left"]
    assert len(first["nodes"]["split"]["left"]) == 2
    assert sum(first["nodes"]["split"]["left"].values()) == 40


def test_random_waits_are_drawn_by_the_seed() -> None:
    for _ in range(20):
        does(ProfileFactory(), "bought", after=2 * DAY)
    wait = node("wait", "wait", length="1 day", up_to="5 days")
    row = flow(wait, edges=["start wait", "wait end"])

    one, same = counted(row, seed=1), counted(row, seed=1)

    assert one["nodes"]["wait"] == same["nodes"]["wait"]


def test_what_a_node_changes_later_nodes_of_the_run_see_and_no_other_run() -> None:
    anna = ProfileFactory(traits={})
    does(anna, "bought")
    does(anna, "bought", after=HOUR)
    row = flow(
        node("before", "condition", condition='profile@traits.tags CONTAINS "bought"'),
        node("tag", "add-tag", tag="bought"),
        node("after", "condition", condition='profile@traits.tags CONTAINS "bought"'),
        edges=["start before", "before.false tag", "tag after", "after.true end"],
    )

    found = counted(row)

    assert found["nodes"]["before"]["left"] == {"false": 2}
    assert found["nodes"]["after"]["left"] == {"true": 2}
    assert found["caveats"] == [
        "These fields of people are as they are today, and not as they were: profile@traits.tags."
    ]


def test_limits_of_a_person_are_exact_and_shared_ones_are_told() -> None:
    anna, ben = ProfileFactory(), ProfileFactory()
    for person in (anna, ben):
        for hours in range(3):
            does(person, "bought", after=hours * HOUR)
    own = node("own", "limiter", limit=2, within="1 day")
    row = flow(own, edges=["start own", "own.pass end"])

    assert counted(row)["nodes"]["own"]["left"]["pass"] == 4

    row.draft["nodes"][1] = node("own", "limiter", limit=2, within="1 day", counts="all")
    found = counted(row)
    assert found["nodes"]["own"]["left"]["pass"] <= 4
    assert any("A limit that people share" in each for each in found["caveats"])


def test_an_answer_from_outside_is_taken_for_granted_or_pinned() -> None:
    ConnectionFactory(name="API")
    does(ProfileFactory(), "bought")
    call = node("call", "http-call", connection="API", path="/score")
    asks = node("asks", "condition", condition="payload@answer.json.score > 5")
    row = flow(call, asks, edges=["start call", "call asks", "asks.true end"])

    assumed = counted(row)
    pins = [{"node": "call", "output": {"answer": {"json": {"score": 7}}}}]
    pinned = counted(row, pins=pins)

    assert assumed["nodes"]["asks"]["left"] != {"true": 1}
    assert assumed["deliveries"] == [{"kind": "http", "connection": "API", "channel": "", "n": 1}]
    assert any("What is sent arrives at once" in each for each in assumed["caveats"])
    assert pinned["nodes"]["asks"]["left"] == {"true": 1}
    assert pinned["deliveries"] == []


def test_a_node_that_fails_is_shown_with_why() -> None:
    anna = ProfileFactory()
    does(anna, "bought")
    row = flow(node("stop", "error", reason="No."), edges=["start stop"])

    found = counted(row)

    assert (found["nodes"]["stop"]["failed"], found["endings"]) == (1, {"failed": 1})
    [sample] = found["samples_failed"]["stop"]
    assert (sample["profile_id"], sample["reason"]) == (anna.pk, "No.")


def test_hands_and_events_of_nobody_let_nobody_enter_and_that_is_told() -> None:
    does(ProfileFactory(), "bought")
    row = flow(edges=["start end"], trigger={"id": "hand", "kind": "manual"})

    found = counted(row)

    assert found["n_entered"] == 0
    assert found["caveats"][0].startswith("Nobody enters by hand:")


def test_it_is_the_way_that_a_run_goes_which_is_stored() -> None:
    """The engine of tests goes the same way with the same events."""
    anna = ProfileFactory()
    does(anna, "bought", order="1")
    does(anna, "paid", after=HOUR / 2, order="1")
    row = cart()
    row.draft["goals"] = []
    begun = {"id": "e0", "type": "bought", "time": NOON.isoformat(), "properties": {"order": "1"}}

    told = story(row.draft, now=NOON, event=begun).later(minutes=30).happens("paid", order="1")

    edges = counted(row)["edges"]
    assert told.path[:-1] == ["start.out", "pays.out"]
    assert [edge for edge, n in edges.items() if n] == ["start.out -> pays", "pays.out -> end"]
