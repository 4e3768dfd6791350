"""What people do lets them enter segments and leave them, at once."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.collector import accept
from apps.core import snapshot
from apps.core.ids import new_id
from apps.events.models import Event, InboxItem, RefusedEvent
from apps.profiles.models import Dirty, Merge, Profile
from apps.segments import definitions, memberships
from apps.segments.models import Cause, Membership, Segment
from apps.segments.stream import evaluation
from apps.segments.stream.index import current
from tests.factories import NOON, MembershipFactory, SegmentFactory
from tests.shop import SDK, Shop, person

pytestmark = pytest.mark.django_db
PRO = 'profile@traits.plan = "pro"'
BUYS_TWICE = 'COUNT("purchase" LAST 30 DAYS) >= 2'


def define(key: str, condition: str, **values: Any) -> Segment:
    row: Segment = SegmentFactory.build(key=key, condition=condition, **values)
    definitions.save(row)
    return row


@pytest.fixture(params=[evaluation.MAX_EVENTS, 0], ids=["few events", "very many"])
def _however_many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate by past events in memory, and by SQL."""
    monkeypatch.setattr(evaluation, "MAX_EVENTS", request.param)


def identify(shop: Shop, user: str, **traits: Any) -> Profile:
    shop.call("identify", userId=user, traits=traits)
    return person(primary_id=user)


def buy(shop: Shop, user: str, **values: Any) -> None:
    shop.call("track", userId=user, event="purchase", **values)


def members(key: str) -> set[str | None]:
    ids = Membership.objects.filter(segment__key=key, left_at=None).values_list("profile_id", flat=True)
    return set(Profile.objects.filter(id__in=list(ids)).values_list("primary_id", flat=True))


def announced(shop: Shop) -> list[tuple[str, str, bool]]:
    """Let what was announced be processed, and return it."""
    accept.ingest(100, at=shop.later(seconds=1))
    found = Event.objects.filter(type__startswith="segment-").order_by("id")
    return [(event.type, event.properties["segment"], event.is_silent) for event in found]


def test_who_meets_a_condition_enters_and_who_does_not_any_more_leaves(shop: Shop) -> None:
    define("pros", PRO)

    identify(shop, "anna", plan="pro")
    identify(shop, "bert", plan="free")
    assert members("pros") == {"anna"}

    identify(shop, "anna", plan="free")
    assert members("pros") == set()
    assert announced(shop) == [("segment-entered", "pros", False), ("segment-left", "pros", False)]


def test_each_change_is_an_event_of_the_person_that_is_no_activity_of_theirs(shop: Shop) -> None:
    define("pros", PRO, name="Professionals")
    before = identify(shop, "anna", plan="pro")

    announced(shop)

    event = Event.objects.get(type="segment-entered")
    assert event.properties == {"segment": "pros", "name": "Professionals", "because": "event"}
    assert (event.profile_id, event.session_id, event.tags) == (before.id, None, ["event:system"])
    after = person(primary_id="anna")
    assert (after.event_count, after.last_seen_at, after.visit_count) == (
        before.event_count,
        before.last_seen_at,
        before.visit_count,
    )


def test_what_was_announced_twice_is_one_event(shop: Shop) -> None:
    define("pros", PRO)
    identify(shop, "anna", plan="pro")
    item = InboxItem.objects.get()
    item.pk = None
    item.save()

    assert announced(shop) == [("segment-entered", "pros", False)]


def test_what_changes_nothing_for_a_segment_evaluates_nothing(shop: Shop) -> None:
    define("pros", PRO)
    identify(shop, "anna", plan="pro")
    Membership.objects.all().delete()

    shop.call("page", userId="anna", name="Home")
    assert members("pros") == set()

    identify(shop, "anna", plan="pro", colour="red")
    assert members("pros") == set()

    identify(shop, "anna", plan="team")
    identify(shop, "anna", plan="pro")
    assert members("pros") == {"anna"}


@pytest.mark.usefixtures("_however_many")
def test_somebody_new_enters_what_is_true_of_people_of_whom_nothing_is_known(shop: Shop) -> None:
    define("unknown", "profile@traits.plan NOT EXISTS")
    define("quiet", 'DID NOT("purchase")')
    define("strangers", "profile@is_anonymous = TRUE")

    shop.track("page-view", session="new")

    assert members("unknown") == members("quiet") == members("strangers") == {None}


def test_lists_that_grow_are_seen_to_have_changed(shop: Shop) -> None:
    define("jazz", 'profile@data.preferences.brands CONTAINS "b"')
    anna = identify(shop, "anna")
    Profile.objects.filter(pk=anna.pk).update(data={**anna.data, "preferences": {"brands": ["a"]}})
    identify(shop, "anna", plan="pro")
    profile = person(primary_id="anna")
    index = current.get()
    before = index.see(profile)

    profile.data["preferences"]["brands"].append("b")

    assert index.changed(before, profile) == index.everything
    assert index.changed(index.see(profile), profile) == 0


@pytest.mark.usefixtures("_however_many")
def test_past_events_are_counted_with_those_of_the_batch(shop: Shop) -> None:
    define("regulars", BUYS_TWICE)

    buy(shop, "anna")
    assert members("regulars") == set()
    buy(shop, "anna")
    buy(shop, "bert")
    assert members("regulars") == {"anna"}

    shop.later(days=31)
    buy(shop, "anna")
    assert members("regulars") == set()


def test_past_events_are_only_looked_at_when_one_of_their_types_comes(shop: Shop) -> None:
    define("regulars", BUYS_TWICE)
    identify(shop, "anna")

    with CaptureQueriesContext(connection) as captured:
        shop.call("page", userId="anna", name="Home")

    assert not any("FROM events_event" in query["sql"] for query in captured.captured_queries)


def test_parts_of_past_events_are_read_as_they_are_asked_for(shop: Shop) -> None:
    define("rich", 'SUM(event@properties.value OF "purchase" WHERE event@properties.from = "app" LAST 2 MONTHS) > 10')
    define("new", 'DID("profile-created" WHERE event@tags CONTAINS "event:system" AND event@journey = "awareness")')
    define("never", "DID(ANY EVENT WHERE event@traits.nothing EXISTS)")

    buy(shop, "anna", properties={"value": 8, "from": "app"})
    buy(shop, "anna", properties={"value": 8, "from": "web"})
    assert members("rich") == set()
    buy(shop, "anna", properties={"value": 2.5, "from": "app"})

    assert members("rich") == members("new") == {"anna"}
    assert members("never") == set()


@pytest.mark.usefixtures("_however_many")
def test_segments_that_ask_about_each_other_are_evaluated_in_order(shop: Shop) -> None:
    define("z-pros", PRO)
    define("m-regulars", f'{BUYS_TWICE} AND profile@segments CONTAINS "z-pros"')
    define("a-best", 'profile@segments CONTAINS ALL ["m-regulars", "z-pros"]')
    define("others", 'NOT profile@segments CONTAINS "a-best"')
    buy(shop, "anna")
    buy(shop, "anna")
    assert members("others") == {"anna"}

    identify(shop, "anna", plan="pro")
    assert [members(key) for key in ("z-pros", "m-regulars", "a-best", "others")] == [{"anna"}] * 3 + [set()]

    identify(shop, "anna", plan="free")
    assert [members(key) for key in ("z-pros", "m-regulars", "a-best", "others")] == [set()] * 3 + [{"anna"}]


def test_who_came_into_a_sticky_segment_stays(shop: Shop) -> None:
    define("ever-pro", PRO, is_sticky=True)

    identify(shop, "anna", plan="pro")
    identify(shop, "anna", plan="free")

    assert members("ever-pro") == {"anna"}


def test_segment_that_is_switched_off_is_left_alone(shop: Shop) -> None:
    define("pros", PRO, is_enabled=False)

    identify(shop, "anna", plan="pro")

    assert members("pros") == set()


def test_history_that_is_imported_changes_segments_silently(shop: Shop) -> None:
    define("buyers", 'DID("purchase")')

    shop.track("purchase", session="old", options={"historical": True})

    assert announced(shop) == [("segment-entered", "buyers", True)]


def test_nobody_is_told_of_a_segment_that_was_never_built(shop: Shop) -> None:
    define("pros", PRO, built_at=None)

    identify(shop, "anna", plan="pro")

    assert announced(shop) == [("segment-entered", "pros", True)]


def test_profiles_that_are_not_stored_are_not_evaluated(shop: Shop) -> None:
    define("all", 'DID("purchase") OR profile@traits.plan NOT EXISTS')

    shop.track("purchase", session="s", options={"saveProfile": False})

    assert not Membership.objects.exists()


def test_two_who_turn_out_to_be_one_are_evaluated_anew(shop: Shop) -> None:
    define("pros", PRO)
    define("known", "profile@data.contact.email.main EXISTS")
    define("strangers", "profile@is_anonymous = TRUE")
    anna = identify(shop, "anna", plan="pro")
    shop.call("page", anonymousId="device", name="Home")

    shop.call("identify", userId="anna", anonymousId="device", traits={"email": "anna@example.com"})

    assert Merge.objects.count() == 1
    assert set(Membership.objects.filter(left_at=None).values_list("segment__key", "profile_id")) == {
        ("pros", anna.id),
        ("known", anna.id),
    }
    assert Membership.objects.exclude(profile_id=anna.id).count() == 0


@pytest.mark.usefixtures("_however_many")
def test_history_is_not_evaluated_before_all_events_have_followed_a_merge(shop: Shop) -> None:
    define("regulars", BUYS_TWICE)
    shop.call("track", anonymousId="device", event="purchase")
    shop.call("track", anonymousId="device", event="purchase")
    buy(shop, "anna")

    shop.call("identify", userId="anna", anonymousId="device")
    buy(shop, "anna")
    assert members("regulars") == {"anna"}  # the device's, which did not leave

    shop.settle()
    buy(shop, "anna")
    assert members("regulars") == {"anna"}
    assert Membership.objects.count() == 1


def test_definition_that_another_process_changed_a_moment_ago_evaluates_already(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = define("pros", PRO)
    identify(shop, "anna", plan="team")
    current.get()
    monkeypatch.setattr(snapshot, "on_commit", lambda forget: None)

    row.condition = 'profile@traits.plan = "team"'
    definitions.save(row)
    other: Segment = SegmentFactory.build(key="new", condition="profile@data.contact.email.main NOT EXISTS")
    definitions.save(other)
    shop.call("page", userId="anna", name="Home")

    assert members("pros") == members("new") == {"anna"}

    row.condition = PRO
    definitions.save(row)
    shop.call("page", userId="anna", name="Home")

    assert members("pros") == set()


def test_entering_evaluates_nothing_at_once_and_lets_a_reevaluation_look(shop: Shop) -> None:
    define("pros", PRO)
    define("new-pros", 'DID("segment-entered" WHERE event@properties.segment = "pros" LAST 7 DAYS)')
    anna = identify(shop, "anna", plan="pro")
    Dirty.objects.all().delete()

    announced(shop)

    assert members("new-pros") == set()
    assert list(Dirty.objects.values_list("profile_id", flat=True)) == [anna.id]


def test_entering_makes_nobody(shop: Shop) -> None:
    segment = define("pros", PRO)
    memberships.change(entered=[(segment.pk, new_id())], because=Cause.LIST, now=NOON, is_silent=False)

    assert announced(shop) == []
    assert not Profile.objects.exists()
    assert RefusedEvent.objects.get().code == "unknown_profile"


def statements(shop: Shop, users: list[str]) -> list[str]:
    messages = [
        shop.message(SDK, {"userId": user, "event": "purchase", "timestamp": shop.now.isoformat()}, call="track")
        for user in users
    ]
    with CaptureQueriesContext(connection) as captured:
        shop.process(*messages)
    found = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    return [re.sub(r"SELECT \d+,", "SELECT n,", sql)[:40] for sql in found]


@pytest.mark.usefixtures("_however_many")
def test_number_of_statements_does_not_grow_with_the_people_or_the_segments(shop: Shop) -> None:
    define("buyers", 'DID("purchase")')
    define("known", "profile@primary_id EXISTS")
    statements(shop, ["warm-up"])

    one = statements(shop, ["anna"])
    for number in range(5):
        define(f"buyers-{number}", f'DID("purchase" LAST {number + 1} DAYS)')
        define(f"known-{number}", f'profile@primary_id != "{number}"')
    current.get()
    many = statements(shop, [f"user-{number}" for number in range(50)])

    assert many == one
    assert Membership.objects.count() == 4 + 50 * 12


def test_without_segments_one_look_is_all_that_it_costs(shop: Shop) -> None:
    statements(shop, ["warm-up"])

    found = statements(shop, ["anna"])

    assert sum("SELECT number" in sql for sql in found) == 1


def stay(segment: Segment, profile_id: UUID) -> Membership:
    row: Membership = MembershipFactory.create(
        segment=segment, profile_id=profile_id, entered_at=NOON - timedelta(days=9)
    )
    return row


def test_list_segments_are_asked_about_and_not_evaluated(shop: Shop) -> None:
    invited = define("invited", "", kind=Segment.Kind.LIST)
    define("guests", 'profile@segments CONTAINS "invited" AND profile@traits.comes = TRUE')
    anna = identify(shop, "anna")
    stay(invited, anna.id)

    identify(shop, "anna", comes=True)

    assert members("guests") == members("invited") == {"anna"}
