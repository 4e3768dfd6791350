"""What follows from events: a row exactly when they do, and a wake-up once all of it is committed."""

import os
import signal
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django_rq import get_queue

from apps.collector import accept, pipeline
from apps.collector.payload import Answer, Batch
from apps.core.queues import DEFAULT
from apps.events.models import Event, InboxItem
from apps.events.store import inbox
from apps.profiles.models import Dirty
from apps.segments import definitions
from tests.factories import NOON, SegmentFactory, SourceFactory, track_body
from tests.shop import Shop

STAGES = (*pipeline.LOOKING_UP, *pipeline.STORING)


@pytest.fixture
def told(shop: Shop) -> Shop:
    """A shop in whose inbox it stands that three people entered a segment, about which another one asks."""
    for key, condition in (
        ("pros", 'profile@traits.plan = "pro"'),
        ("new-pros", 'DID("segment-entered" WHERE event@properties.segment = "pros" LAST 7 DAYS)'),
    ):
        definitions.save(SegmentFactory.build(key=key, condition=condition))
    for user in ("anna", "ben", "cleo"):
        shop.call("identify", userId=user, traits={"plan": "pro"})
    Dirty.objects.all().delete()
    cache.clear()
    get_queue(DEFAULT.name).empty()
    return shop


def entered() -> set[UUID | None]:
    return set(Event.objects.filter(type="segment-entered").values_list("profile_id", flat=True))


def waiting() -> set[UUID]:
    return set(Dirty.objects.values_list("profile_id", flat=True))


def n_woken() -> int:
    return int(get_queue(DEFAULT.name).count)


def killed_at(moment: Callable[[Callable[..., None]], None]) -> int:
    """Let a process of its own ingest, which is killed at a moment of its work; return the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            parents, connection.connection = connection.connection, None  # which must stay open
            moment(lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            accept.ingest(100, at=NOON)
        finally:
            os._exit(1 if parents else 2)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


@pytest.mark.django_db(transaction=True)
def test_a_planned_row_exists_exactly_when_its_event_does_whenever_the_process_is_killed(told: Shop) -> None:
    moments: list[Callable[[Any], None]] = [
        *(lambda kill, stage=stage: kill_in_place_of(stage, kill) for stage in STAGES),
        lambda kill: setattr(inbox, "done", kill),
        lambda kill: setattr(connection, "_commit", kill),
    ]
    for moment in moments:
        assert killed_at(moment) == signal.SIGKILL
        assert entered() == waiting() == set()
        assert InboxItem.objects.exists()

    assert killed_at(lambda kill: setattr(pipeline, "announce", kill)) == signal.SIGKILL

    assert len(entered()) == 3
    assert entered() == waiting()
    assert not InboxItem.objects.exists()


def kill_in_place_of(stage: Callable[[Batch], None], kill: Callable[..., None]) -> None:
    for name in ("LOOKING_UP", "STORING"):
        stages = [kill if each is stage else each for each in getattr(pipeline, name)]
        setattr(pipeline, name, stages)
    kill.__dict__["__name__"] = stage.__name__


@pytest.mark.django_db(transaction=True)
def test_who_evaluates_segments_is_woken_after_the_outermost_commit_and_not_before(told: Shop) -> None:
    with transaction.atomic():
        assert accept.ingest(100, at=told.now)
        assert n_woken() == 0

    assert n_woken() == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_for_what_was_taken_back(told: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(ids: Any) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(inbox, "done", fail)
    with pytest.raises(RuntimeError):
        accept.ingest(100, at=told.now)

    assert n_woken() == 0
    assert waiting() == set()


@pytest.mark.django_db(transaction=True)
def test_who_has_just_been_woken_is_left_in_peace(told: Shop) -> None:
    accept.ingest(1, at=told.now)
    accept.ingest(100, at=told.now)

    assert len(waiting()) == 3
    assert n_woken() == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_where_nothing_waits(shop: Shop) -> None:
    get_queue(DEFAULT.name).empty()

    shop.call("identify", userId="anna", traits={"plan": "pro"})

    assert n_woken() == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("alone")
def test_the_sender_is_answered_what_a_stage_says(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fills it yet: flows will."""

    def greet(batch: Batch) -> None:
        [payload] = batch.going
        batch.outcome.answers[payload] = Answer(({"tag": "div"},), {"greeting": f"Hello, {payload.going[-1].type}"})

    monkeypatch.setattr(pipeline, "STORING", (*pipeline.STORING, greet))
    source = SourceFactory()
    body = track_body(source, "page-view")

    answered = client.post("/track", body, content_type="application/json").json()
    later = client.put("/track", body, content_type="application/json").json()

    assert (answered["ux"], answered["response"]) == ([{"tag": "div"}], {"greeting": "Hello, page-view"})
    assert (later["ux"], later["response"]) == ([], {})
