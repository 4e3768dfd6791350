"""Laws of recognising people, on random histories through the real pipeline.

Where they do not hold is in docs/identity.md: what is counted by arrival (how often a profile was created, and so the
number of events of the platform) is left out here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.events import platform_events
from apps.events.models import Event
from apps.events.resolution import by_hand
from apps.events.store import partitions
from apps.profiles import ledger
from apps.profiles.models import ConsentDecision, Merge, Profile
from apps.sessions.models import Session
from tests.factories import ANNA, NOON, ConsentTypeFactory, track_body
from tests.shop import Shop

COLUMNS = ("primary_id", "email", "name", "country", "is_anonymous", "visit_count", "identifier_count", "first_seen_at")
COLUMNS += ("last_seen_at", "data", "traits", "interests", "consents", "stats")  # type: ignore[assignment]
# Shrinking takes minutes here; a failing history says enough as it is.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
lawful = settings(max_examples=12, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def month(db: None) -> None:
    """Have a place for the events of all worlds."""
    partitions.ensure([partitions.month_of(NOON)])


@contextmanager
def world() -> Iterator[Shop]:
    """Begin with nothing, and leave nothing behind."""
    with transaction.atomic():
        yield Shop()
        transaction.set_rollback(True)


def people() -> list[dict[str, Any]]:
    """Say what is known of everybody, without ids."""
    return sorted((state(profile) for profile in Profile.objects.all()), key=repr)


def state(profile: Profile) -> dict[str, Any]:
    events = Event.objects.filter(profile_id=profile.id).exclude(type="profile-created")
    found: dict[str, Any] = {name: getattr(profile, name) for name in COLUMNS}
    found["times"] = {name: said[0] for name, said in sorted(profile.provenance.items()) if name != "primary_id"}
    # A session is opened by what arrives first: only that it was says something.
    found["events"] = sorted(
        (
            event.type,
            "" if event.type in platform_events.leads() else event.time.isoformat(),
            event.properties.get("n", -1),
        )
        for event in events
    )
    found["sessions"] = Session.objects.filter(profile_id=profile.id).count()
    created = Event.objects.filter(profile_id=profile.id, type="profile-created").count()
    assert profile.event_count == len(found["events"]) + created
    for name in ("data", "traits", "interests", "consents"):
        found[name] = sorted_tree(found[name])
    return found


def sorted_tree(tree: Any) -> Any:
    return {key: sorted_tree(tree[key]) for key in sorted(tree)} if isinstance(tree, dict) else tree


# --- A history in any order, partly repeated


@st.composite
def messages(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """Make messages of two customers, each with devices and addresses of their own, each at a time of its own."""
    found = []
    for number in range(draw(st.integers(2, 9))):
        customer = draw(st.sampled_from(["17", "18"]))
        device = f"{draw(st.sampled_from(['phone', 'laptop', 'tablet']))} of {customer}"
        message: dict[str, Any] = {"messageId": str(uuid4()), "anonymousId": device}
        message["timestamp"] = (NOON - timedelta(seconds=60 - number)).isoformat()
        if draw(st.booleans()):
            message["userId"] = customer
        call = draw(st.sampled_from(["identify", "track", "alias"]))
        if call == "identify":
            traits = st.fixed_dictionaries(
                {},
                optional={
                    "email": st.sampled_from([f"one@{customer}.example", f"two@{customer}.example"]),
                    "plan": st.sampled_from(["free", "pro"]),
                    "firstName": st.sampled_from(["Anna", "Anne"]),
                },
            )
            message["traits"] = draw(traits)
        elif call == "track":
            message |= {"event": "increase-interest", "properties": {"interest": "jazz", "value": number, "n": number}}
        else:
            message["previousId"] = f"{draw(st.sampled_from(['phone', 'laptop']))} of {customer}"
        found.append((call, message))
    return found


@lawful
@given(history=messages(), data=st.data())
def test_a_shuffled_and_partly_repeated_history_gives_the_same_people(history: Any, data: st.DataObject) -> None:
    with world() as shop:
        for call, message in history:
            shop.process(shop.message("sdk", dict(message), call=call))
        shop.settle()
        ordered = people()
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=4))
    shuffled = data.draw(st.permutations(repeated))

    with world() as shop:
        while shuffled:
            size = data.draw(st.integers(1, 3))
            batch, shuffled = shuffled[:size], shuffled[size:]
            shop.process(*(shop.message("sdk", dict(message), call=call) for call, message in batch))
        shop.settle()

        assert people() == ordered


# --- Merges that are undone

CLIENTS = ("phone", "laptop", "17", "18")
STEPS = st.one_of(
    st.tuples(st.just("event"), st.sampled_from(CLIENTS), st.integers(0, 9)),
    st.tuples(st.just("merge"), st.sampled_from(CLIENTS), st.sampled_from(CLIENTS)),
    st.tuples(st.just("undo"), st.integers(0, 3), st.booleans()),
)


def happen(shop: Shop, client: str, number: int) -> None:
    """Let a client send something: two browsers with a session each, and two customers of an SDK."""
    interest = {"interest": "jazz", "value": number, "n": number}
    if client in ("phone", "laptop"):
        shop.track({"type": "increase-interest", "properties": interest}, session=client)
    else:
        shop.call("track", userId=client, event="increase-interest", properties=interest)
        shop.call("identify", userId=client, traits={"plan": number, f"plan_of_{client}": number})


def merge(shop: Shop, one: str, other: str) -> None:
    ids = [shop.people[client] for client in (one, other)]
    try:
        by_hand.merge(*ids, actor=ANNA, now=shop.later(seconds=1))
    except by_hand.CannotMerge:
        shop.later(seconds=-1)


def undo(shop: Shop, index: int, *, settles: bool) -> None:
    standing = list(Merge.objects.filter(undone_at=None).order_by("at"))
    if standing:
        shop.undo(standing[index % len(standing)], settles=settles)


def begin(shop: Shop) -> None:
    for client in CLIENTS:
        happen(shop, client, 1)
    shop.people = dict(zip(CLIENTS, Profile.objects.order_by("id").values_list("id", flat=True), strict=True))


@lawful
@given(steps=st.lists(STEPS, max_size=10), data=st.data())
def test_merges_that_are_undone_leave_no_trace(steps: Any, data: st.DataObject) -> None:
    with world() as shop:
        begin(shop)
        for step, *args in steps:
            if step == "event":
                happen(shop, *args)
        never_merged = [without_times(state(profile)) for profile in Profile.objects.order_by("id")]

    with world() as shop:
        begin(shop)
        for step, *args in steps:
            if step == "event":
                happen(shop, *args)
            elif step == "merge":
                merge(shop, *args)
            else:
                undo(shop, args[0], settles=args[1])
        while Merge.objects.filter(undone_at=None).exists():
            undo(shop, data.draw(st.integers(0, 3)), settles=True)
        shop.settle()

        assert [without_times(state(profile)) for profile in Profile.objects.order_by("id")] == never_merged
        assert list(Profile.objects.order_by("id").values_list("id", flat=True)) == list(shop.people.values())


def without_times(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out when things happened: merges and their undoing take time of their own here."""
    events = [(type_, number) for type_, _, number in found["events"]]
    return {name: value for name, value in found.items() if not name.endswith(("_at", "times"))} | {"events": events}


# --- Consents, whatever strangers claim

CLAIMS: dict[str, dict[str, Any]] = {
    "look": {"type": "page-view"},
    "her address": {"type": "sign-in", "properties": {"email": {"main": "anna@example.com"}}},
    "her number": {"type": "sign-in", "properties": {"pk": "17"}},
    "my address": {"type": "sign-in", "properties": {"email": {"main": "evil@example.com"}}},
    "my number": {"type": "sign-up", "properties": {"pk": "evil"}},
    "both": {
        "type": "sign-in",
        "properties": {"email": {"main": "anna@example.com"}, "phone": {"main": "+12025550143"}},
    },
    "my phone": {"type": "sign-in", "properties": {"phone": {"main": "+12025550143"}}},
    "other address": {"type": "identification", "properties": {"pk": "17", "email": {"main": "evil@example.com"}}},
    "yes": {"type": "consent-update", "properties": {"consents": {"letters": True, "statistics": True}}},
    "no": {"type": "consent-update", "properties": {"consents": {"letters": False, "statistics": False}}},
    "late no": {
        "type": "consent-update",
        "time": "2026-11-23T20:00:00Z",
        "properties": {"consents": {"letters": False}},
    },
    "old no": {"type": "consent-update", "time": "2026-11-10", "properties": {"consents": {"letters": False}}},
}
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "three", None]),
        st.sampled_from([None, "hers"]),
        st.lists(st.sampled_from(sorted(CLAIMS)), min_size=1, max_size=3),
        st.booleans(),
    ),
    max_size=10,
)


@settings(lawful, max_examples=25)
@given(requests=REQUESTS)
def test_what_somebody_decided_stands_whatever_strangers_claim(requests: Any) -> None:
    with world() as shop:
        for consent_id in ("letters", "statistics"):
            ConsentTypeFactory(id=consent_id)
        decided = {"letters": True, "statistics": False}
        signs_in = {"type": "sign-in", "properties": {"pk": "17", "email": {"main": "anna@example.com"}}}
        shop.track(signs_in, {"type": "consent-update", "properties": {"consents": decided}}, session="anna")
        anna = Profile.objects.get()

        waiting = []
        for session, profile, claims, goes_on in requests:
            shop.later(seconds=1)
            body = track_body(shop.source, session=session, events=[CLAIMS[claim] for claim in claims])
            body["profile"] = {"id": str(anna.id)} if profile else None
            waiting.append(shop.message("track", body))
            if not goes_on:
                shop.process(*waiting)
                waiting = []
        shop.process(*waiting)

        now = Profile.objects.get(id=ledger.living_id(anna.id))
        assert now.consents == anna.consents
        assert ConsentDecision.objects.filter(event_id=now.provenance["consents.letters"][1], session_id__isnull=False)
        shop.track({"type": "consent-update", "properties": {"consents": {"letters": False}}}, session="anna")
        assert Profile.objects.get(id=ledger.living_id(anna.id)).consents["letters"]["revoke"]
