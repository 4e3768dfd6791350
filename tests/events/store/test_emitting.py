"""What the platform says is put into the inbox by one verb, once its caller commits, and is processed once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.collector import accept
from apps.core import audit
from apps.core.ids import new_id
from apps.events.models import Event, EventType, InboxItem, RefusedEvent
from apps.events.resolution import by_hand
from apps.events.store import emitting, inbox
from apps.events.store.emitting import PER_MESSAGE, CannotEmit, Emission, emit
from apps.profiles.jobs import start_erasure
from apps.profiles.models import PrivacyRequest, Profile
from apps.segments.platform_events import ENTERED, LEFT
from apps.sessions.models import Session
from tests.factories import ANNA, NOON, EventTypeFactory, SourceFactory
from tests.shop import Shop, person, types_of

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=10)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
EMISSIONS = st.builds(
    Emission,
    type=TEXTS,
    profile_id=st.uuids(),
    key=TEXTS,
    time=st.datetimes(timezones=st.just(UTC)),
    properties=st.dictionaries(TEXTS, VALUES, max_size=4),
    session_id=st.none() | st.uuids(),
    chain=st.integers(0, 9),
)


def entered(profile_id: UUID, key: str = "once", time: datetime = NOON, **values: Any) -> Emission:
    return Emission(ENTERED.type, profile_id, key, time, {"segment": "vip"}, **values)


def process(shop: Shop) -> None:
    while accept.ingest(100, at=shop.later(minutes=1)):
        pass


@given(st.lists(EMISSIONS, max_size=4), st.booleans())
def test_what_is_read_is_what_was_written(emissions: list[Emission], is_silent: bool) -> None:
    assert emitting.read(json.loads(emitting.write(emissions, is_silent=is_silent))) == (emissions, is_silent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile_id": None},
        {"profile_id": "01a2297e-546f-736d-925e-a163f3b35a6e"},
        {"key": 7},
        {"type": None},
        {"time": "2026-07-01T12:00:00Z"},
        {"time": NOON.replace(tzinfo=None)},
        {"properties": ["vip"]},
        {"session_id": "phone"},
    ],
    ids=str,
)
def test_what_is_no_event_is_named_before_it_waits_with_others(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"type": ENTERED.type, "profile_id": new_id(), "key": "1", "time": NOON}

    with pytest.raises(CannotEmit, match=f"^{next(iter(wrong))} of an event"):
        Emission(**{**right, **wrong})


@pytest.mark.django_db
class TestEmit:
    @pytest.fixture
    def anna(self, shop: Shop) -> Profile:
        shop.call("track", userId="anna", event="page-view")
        return person(primary_id="anna")

    def test_it_becomes_an_event_that_is_no_activity_of_its_person(self, shop: Shop, anna: Profile) -> None:
        emit([entered(anna.id)], is_silent=False, now=shop.now)
        process(shop)

        event = Event.objects.get(type=ENTERED.type)
        assert (event.profile_id, event.session_id, event.time) == (anna.id, None, NOON)
        assert (event.properties, event.tags, event.is_silent) == ({"segment": "vip"}, ["event:system"], False)
        after = person(primary_id="anna")
        assert (after.event_count, after.last_seen_at) == (anna.event_count, anna.last_seen_at)

    def test_it_waits_exactly_when_its_caller_commits(self, shop: Shop, anna: Profile) -> None:
        with transaction.atomic():
            emit([entered(anna.id)], is_silent=False, now=shop.now)
            transaction.set_rollback(True)

        assert not InboxItem.objects.exists()

    def test_whoever_forgets_to_say_whether_it_is_silent_says_nothing(self, anna: Profile) -> None:
        with pytest.raises(TypeError, match="is_silent"):
            emit([entered(anna.id)], now=NOON)  # type: ignore[call-arg]

    def test_what_is_silent_is_stored_as_silent(self, shop: Shop, anna: Profile) -> None:
        emit([entered(anna.id)], is_silent=True, now=shop.now)
        process(shop)

        assert Event.objects.get(type=ENTERED.type).is_silent

    def test_ten_thousand_take_one_statement_and_keep_their_order(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        keys = [str(number) for number in range(10_000)]

        with django_assert_num_queries(1):
            emit((entered(new_id(), key) for key in keys), is_silent=True, now=NOON)

        bodies = [row.body.encode() for row in InboxItem.objects.order_by("id")]
        assert len(bodies) == 10_000 / PER_MESSAGE
        assert [each.key for body in bodies for each in emitting.read(json.loads(body)).emissions] == keys

    def test_large_ones_share_no_message_that_is_too_large(self) -> None:
        large = {"text": "x" * 100_000}
        emissions = [Emission(ENTERED.type, new_id(), str(number), NOON, large) for number in range(25)]

        emit(emissions, is_silent=True, now=NOON)

        sizes = [len(row.body) for row in InboxItem.objects.all()]
        assert len(sizes) == 3
        assert max(sizes) < 1.1 * inbox.MAX_BATCH_BYTES

    def test_nothing_at_all_is_no_statement(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(0):
            emit([], is_silent=False, now=NOON)

    def test_a_repetition_changes_nothing_and_two_types_may_have_one_key(self, shop: Shop, anna: Profile) -> None:
        left = Emission(LEFT.type, anna.id, "once", NOON)

        emit([entered(anna.id), entered(anna.id), left], is_silent=False, now=shop.now)
        process(shop)
        emit([entered(anna.id)], is_silent=False, now=shop.now)
        process(shop)

        assert sorted(types_of(anna)) == ["page-view", "segment-entered", "segment-left"]

    def test_of_somebody_who_was_merged_it_belongs_to_whom_they_are_now(self, shop: Shop, anna: Profile) -> None:
        shop.call("track", userId="bo", event="page-view")
        emit([entered(anna.id, "a"), entered(person(primary_id="bo").id, "b")], is_silent=False, now=shop.now)
        by_hand.merge(anna.id, person(primary_id="bo").id, actor=ANNA, now=shop.later(seconds=1))
        process(shop)

        [whole] = Profile.objects.all()
        assert set(Event.objects.filter(type=ENTERED.type).values_list("profile_id", flat=True)) == {whole.id}
        raw_ids = Event.objects.filter(type=ENTERED.type).values_list("original_profile_id", flat=True)
        assert len(set(raw_ids)) == 2

    def test_of_somebody_who_was_erased_nothing_is_stored_and_nobody_comes_back(
        self, shop: Shop, anna: Profile
    ) -> None:
        emit([entered(anna.id)], is_silent=False, now=shop.now)
        start_erasure(anna.id, kind=PrivacyRequest.Kind.ERASE, reference="x", actor=audit.SYSTEM, at=timezone.now())
        process(shop)

        assert not Profile.objects.exists()
        assert not Event.objects.exists()
        refused = RefusedEvent.objects.get()
        assert (refused.code, refused.payload, refused.keys) == ("erased", "", [])

    def test_of_somebody_who_is_not_there_any_more_it_is_refused_and_the_others_go_on(
        self, shop: Shop, anna: Profile
    ) -> None:
        emit([entered(new_id(), "a"), entered(anna.id, "b")], is_silent=False, now=shop.now)
        process(shop)

        assert [event.profile_id for event in Event.objects.filter(type=ENTERED.type)] == [anna.id]
        assert RefusedEvent.objects.get().code == "unknown_profile"
        assert Profile.objects.count() == 1

    def test_a_session_is_named_and_left_alone(self, shop: Shop, anna: Profile) -> None:
        shop.track("page-view", session="phone")
        session = Session.objects.get()

        emit([entered(anna.id, session_id=session.id)], is_silent=False, now=shop.now + timedelta(days=1))
        shop.later(days=1)
        process(shop)

        event = Event.objects.get(type=ENTERED.type)
        assert (event.profile_id, event.session_id) == (anna.id, session.id)
        after = Session.objects.get()
        assert (after.last_seen_at, after.visit_count, after.event_count, after.profile_id) == (
            session.last_seen_at,
            session.visit_count,
            session.event_count,
            session.profile_id,
        )

    def test_a_type_that_nobody_declared_is_named_at_once_and_nothing_is_said(self, anna: Profile) -> None:
        with pytest.raises(CannotEmit, match="profile-hibernates"):
            emit([entered(anna.id), Emission("profile-hibernates", anna.id, "1", NOON)], is_silent=False, now=NOON)

        assert not InboxItem.objects.exists()

    def test_what_people_do_is_said_by_senders_alone(self, anna: Profile) -> None:
        with pytest.raises(CannotEmit, match="page-view"):
            emit([Emission("page-view", anna.id, "1", NOON)], is_silent=True, now=NOON)

        assert not InboxItem.objects.exists()

    def test_an_operator_may_declare_types_and_such_an_event_is_like_any_other(self, shop: Shop, anna: Profile) -> None:
        EventTypeFactory(type="birthday-greeted")

        source = SourceFactory(name="Flows")
        emit([Emission("birthday-greeted", anna.id, "1", shop.now)], is_silent=False, now=shop.now, source_id=source.id)
        process(shop)

        assert Event.objects.get(type="birthday-greeted").source_id == source.id
        assert person(primary_id="anna").event_count == anna.event_count + 1

    def test_what_is_too_large_is_named_at_once_and_nothing_is_said(self, settings: Any) -> None:
        settings.MAX_EVENT_BYTES = 1_000
        huge = Emission(LEFT.type, new_id(), "1", NOON, {"text": "ü" * 500})

        with pytest.raises(CannotEmit, match=r"segment-left with the key .+ has \d+ bytes: MAX_EVENT_BYTES is 1000"):
            emit([entered(new_id()), huge], is_silent=False, now=NOON)

        assert not InboxItem.objects.exists()

    def test_what_cannot_be_stored_is_left_out_of_texts(self, shop: Shop, anna: Profile) -> None:
        emit([Emission(LEFT.type, anna.id, "1", NOON, {"a\x00": "b\x00\ud800c"})], is_silent=False, now=NOON)
        process(shop)

        assert Event.objects.get(type=LEFT.type).properties == {"a": "bc"}

    def test_types_of_the_platform_and_of_operators_are_looked_up_once(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        types = [f"type-{number}" for number in range(50)]
        EventType.objects.bulk_create(EventType(type=type_, name=type_) for type_ in types)

        with django_assert_num_queries(2):
            emit((Emission(type_, new_id(), "1", NOON) for type_ in types), is_silent=True, now=NOON)
