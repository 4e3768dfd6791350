"""Traits are defined, changed and deleted while events arrive and people merge: each ends as the stored events say."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event as Signal
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.events import sources
from apps.events.computed_traits import definitions as computed_traits
from apps.events.computed_traits import recomputing
from apps.events.models import ComputedTrait, Event, Source
from apps.events.resolution import moving
from apps.profiles.ledger import Moved
from apps.profiles.models import Merge, Profile
from tests.factories import NOON, ComputedTraitFactory, SourceFactory, track_body

PEOPLE, EVENTS, SEED = 12, 160, 4711
pytestmark = pytest.mark.django_db(transaction=True)


def bodies(dice: random.Random, source: Source) -> list[dict[str, Any]]:
    """Make requests of few people in any order of time; a third of them is sent twice."""
    found = []
    for number in range(EVENTS):
        happened = NOON - timedelta(minutes=dice.randrange(60 * 24 * 40))
        event = {
            "type": dice.choice(["order-completed"] * 18 + ["page-view"] * 7 + ["identify"] * 5),
            "id": f"event-{number}",
            "time": {"create": happened.isoformat()},
            "properties": {"total": dice.randrange(10_000) / 100, "genre": dice.choice(["jazz", "rock", "folk"])},
        }
        if event["type"] == "identify":
            event["properties"] = {"email": f"person-{dice.randrange(PEOPLE // 2)}@example.com"}
        body = track_body(source, session=f"session-{dice.randrange(PEOPLE)}", events=[event])
        found += [body] * dice.choice([1, 1, 2])
    return dice.sample(found, len(found))


def arrive(body: dict[str, Any]) -> None:
    policy = sources.find(body["source"]["id"])
    assert policy is not None
    message = Message("track", json.dumps(body).encode(), Envelope(policy, NOON))
    while True:
        try:
            return accept.history([message], at=NOON)
        except (Moved, IntegrityError):  # a merge, or the same message, came in between
            continue


def on_its_own_connection(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connections.close_all()


def change_definitions(dice: random.Random, stop: Signal) -> None:
    """Define, change and delete traits, some of them again and again."""
    keys, functions = ["one", "two", "three", "four"], ["count", "sum", "last", "distinct", "rfm"]
    while not stop.wait(0.05):
        key = dice.choice(keys)
        if dice.random() < 0.2:
            computed_traits.delete(ComputedTrait.objects.filter(key=key))
            continue
        row = ComputedTrait.objects.filter(key=key).first() or ComputedTraitFactory.build(key=key)
        row.function = dice.choice(functions)
        row.path = {"count": "", "distinct": "properties.genre", "last": "properties.genre"}.get(
            row.function, "properties.total"
        )
        row.event_types = dice.choice([[], ["order-completed"]])
        row.days = dice.choice([None, 7, 30])
        computed_traits.save(row)


@transaction.atomic
def recount_page() -> int:
    return recomputing.recount_page(computed_traits.read(), now=NOON)


def recount(stop: Signal) -> None:
    """Be the background task, and that which lets events follow people who were merged."""
    while not stop.wait(0.005):
        recount_page()
        moving.move(secs=0.1)


@pytest.mark.parametrize("max_events", [recomputing.MAX_EVENTS, 2])
def test_whatever_changes_while_events_arrive_the_states_are_those_of_the_stored_events(
    max_events: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recomputing, "MAX_EVENTS", max_events)  # of more, most are counted before the row is held
    dice, source, stop = random.Random(SEED), SourceFactory(), Signal()
    requests = bodies(dice, source)
    work = [partial(change_definitions, random.Random(SEED), stop), partial(recount, stop)]

    with ThreadPoolExecutor(6) as pool:
        beside = [pool.submit(on_its_own_connection, each) for each in work]
        try:
            list(pool.map(lambda body: on_its_own_connection(partial(arrive, body)), requests))
        finally:
            stop.set()
        for each in beside:
            each.result()
    while recount_page():
        pass

    definitions = computed_traits.read()
    assert definitions.version > 10
    assert Event.objects.exclude(message_id=None).count() == EVENTS
    assert Merge.objects.exists()
    people = list(Profile.objects.all())
    # A session that begins with a known address never has a profile of its own.
    assert 0 < len(people) <= PEOPLE - Merge.objects.count()
    stored = recomputing.count_stored([profile.id for profile in people], definitions, now=NOON)
    for profile in people:
        assert profile.computed_states == stored[profile.id]
        assert profile.computed.keys() == profile.computed_states.keys()
