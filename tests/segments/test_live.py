import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from apps.profiles import touching
from apps.profiles.models import Profile
from apps.segments import at_once, definitions, index, live
from apps.segments.at_once import Subject
from apps.segments.models import Cause, LiveRun, Membership, Segment
from tests.segments.people import members, person, segment, work_on_all

pytestmark = pytest.mark.django_db
Kind = LiveRun.Kind


def begin_due() -> live.Begun:
    return live.begin_due(requested_by="test", now=timezone.now())


def built(key: str, condition: str) -> Segment:
    """Define a segment that was decided for everybody."""
    row = segment(key, condition)
    Segment.objects.filter(pk=row.pk).update(decided_at=timezone.now())
    return row


def test_nothing_begins_where_nothing_waits() -> None:
    built("pro", 'profile@traits.plan = "pro"')

    begun = begin_due()

    assert begun == live.Begun(0, "Nothing waits.")
    assert not LiveRun.objects.exists()


def test_a_new_definition_is_built_with_the_segments_that_ask_about_it() -> None:
    built("alone", 'profile@traits.plan = "free"')
    segment("base", 'profile@traits.plan = "pro"')
    built("top", 'profile@segments CONTAINS "base"')
    built("higher", 'profile@segments CONTAINS "top"')
    profile = person(plan="pro")

    begin_due()
    work_on_all()

    run = LiveRun.objects.get()
    assert (run.kind, set(run.segments)) == (Kind.BUILD, {"base", "top", "higher"})
    assert members("higher") == {profile.id}
    assert set(Membership.objects.values_list("entered_because", flat=True)) == {Cause.DEFINITION}
    assert begin_due().n_pages == 0


def test_a_definition_that_could_not_be_built_rests_unless_it_is_changed() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    now = timezone.now()
    values = {"kind": Kind.BUILD, "started_at": now, "heartbeat_at": now, "finished_at": now}
    LiveRun.objects.create(segments={"pro": row.version}, problems={"pro": "It hurts."}, **values)

    assert begin_due().n_pages == 0

    row.condition = 'profile@traits.plan = "team"'
    definitions.save(row)
    assert begin_due().n_pages


def test_a_definition_that_could_not_be_built_is_tried_again_later() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    then = timezone.now() - live.REST - timedelta(seconds=1)
    values = {"kind": Kind.BUILD, "started_at": then, "heartbeat_at": then, "finished_at": then}
    LiveRun.objects.create(segments={"pro": row.version}, problems={"": "It died."}, **values)

    assert begin_due().n_pages


def test_people_who_were_touched_are_decided_for_all_segments() -> None:
    built("pro", 'profile@traits.plan = "pro"')
    built("top", 'profile@segments CONTAINS "pro"')
    profile = person(plan="pro")
    touching.touch([profile.id])

    begin_due()
    work_on_all()

    assert members("pro") == members("top") == {profile.id}
    assert set(Membership.objects.values_list("entered_because", flat=True)) == {Cause.CHANGE}


def test_everybody_is_decided_for_what_time_decides_and_for_who_asks_about_it() -> None:
    built("still", 'profile@traits.plan = "pro"')
    built("recent", "profile@last_seen_at >= now() - 30 DAYS")
    built("top", 'profile@segments CONTAINS "recent"')
    built("history", 'COUNT("purchase") >= 1')

    live.begin_full(requested_by="test", now=timezone.now())

    assert set(LiveRun.objects.get().segments) == {"recent", "top"}


def test_everybody_is_decided_for_segments_that_are_asked_for() -> None:
    built("still", 'profile@traits.plan = "pro"')

    live.begin_full(["still"], requested_by="test", now=timezone.now())

    assert set(LiveRun.objects.get().segments) == {"still"}
    with pytest.raises(KeyError, match="gone"):
        live.begin_full(["gone", "still"], requested_by="test", now=timezone.now())


def test_where_time_decides_nothing_members_are_only_counted() -> None:
    built("still", 'profile@traits.plan = "pro"')

    begun = live.begin_full(requested_by="test", now=timezone.now())

    assert begun == live.Begun(0, "Time decides no segment; members were counted.")


def test_an_overlapping_start_says_so() -> None:
    built("recent", "profile@last_seen_at >= now() - 30 DAYS")
    live.begin_full(requested_by="test", now=timezone.now())

    again = live.begin_full(requested_by="test", now=timezone.now())

    assert again == live.Begun(0, "A run is under way already: everybody, as time goes by.")


@pytest.mark.django_db(transaction=True)
def test_whoever_is_changed_by_a_batch_that_did_not_know_a_definition_is_found_by_its_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "WAIT_SECS", 0.2)
    profile = person(plan="free")
    has_decided, may_commit = threading.Event(), threading.Event()

    def change_as_a_batch_does() -> None:
        known = index.current.get()
        with transaction.atomic():
            locked = Profile.objects.all().locked([profile.id]).get()
            locked.traits = {"plan": "pro"}
            locked.save()
            at_once.decide([Subject(locked, known.everything)], known, now=timezone.now())
            has_decided.set()
            assert may_commit.wait(timeout=30)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(change_as_a_batch_does)
        assert has_decided.wait(timeout=30)
        segment("pro", 'profile@traits.plan = "pro"')
        too_early = begin_due()
        may_commit.set()
        batch.result()
    begin_due()
    work_on_all()

    assert too_early.n_pages == 0
    assert members("pro") == {profile.id}


@pytest.mark.django_db(transaction=True)
def test_a_build_waits_for_those_who_decide_by_the_definitions_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would not see what they have not committed yet, and they would not know what it decided by."""
    segment("pro", 'profile@traits.plan = "pro"')
    monkeypatch.setattr(live, "WAIT_SECS", 0.2)

    with psycopg.connect(**connection.get_connection_params()) as other:  # in a transaction of its own
        other.execute("SELECT number FROM segments_segmentversion")
        reading = begin_due()  # whoever only reads decides nothing
        LiveRun.objects.all().delete()
        other.execute("SELECT pg_current_xact_id()")
        waiting = begin_due()
    begun = begin_due()

    assert reading.n_pages
    assert waiting == live.Begun(0, "New definitions wait for transactions that began before.")
    assert begun.n_pages
