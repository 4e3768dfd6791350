import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from apps.profiles import dirty
from apps.profiles.models import Profile
from apps.segments import definitions
from apps.segments.models import Cause, Membership, Reevaluation, Segment
from apps.segments.runs import due
from apps.segments.stream import evaluation, index
from apps.segments.stream.evaluation import Subject
from tests.segments.people import members, person, segment, work_on_all

pytestmark = pytest.mark.django_db
Kind = Reevaluation.Kind


def begin_due() -> due.Begun:
    return due.begin_due(requested_by="test", now=timezone.now())


def built(key: str, condition: str) -> Segment:
    """Define a segment that was evaluated for everybody."""
    row = segment(key, condition)
    Segment.objects.filter(pk=row.pk).update(evaluated_at=timezone.now())
    return row


def test_nothing_begins_where_nothing_waits() -> None:
    built("pro", 'profile@traits.plan = "pro"')

    begun = begin_due()

    assert begun == due.Begun(0, "Nothing waits.")
    assert not Reevaluation.objects.exists()


def test_a_new_definition_is_built_with_the_segments_that_ask_about_it() -> None:
    built("alone", 'profile@traits.plan = "free"')
    segment("base", 'profile@traits.plan = "pro"')
    built("top", 'profile@segments CONTAINS "base"')
    built("higher", 'profile@segments CONTAINS "top"')
    profile = person(plan="pro")

    begin_due()
    work_on_all()

    run = Reevaluation.objects.get()
    assert (run.kind, set(run.segments)) == (Kind.BUILD, {"base", "top", "higher"})
    assert members("higher") == {profile.id}
    assert set(Membership.objects.values_list("entered_because", flat=True)) == {Cause.DEFINITION}
    assert begin_due().n_pages == 0


def test_a_definition_that_could_not_be_built_rests_unless_it_is_changed() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    now = timezone.now()
    values = {"kind": Kind.BUILD, "started_at": now, "heartbeat_at": now, "finished_at": now}
    Reevaluation.objects.create(segments={"pro": row.version}, problems={"pro": "It hurts."}, **values)

    assert begin_due().n_pages == 0

    row.condition = 'profile@traits.plan = "team"'
    definitions.save(row)
    assert begin_due().n_pages


def test_a_definition_that_could_not_be_built_is_tried_again_later() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    then = timezone.now() - due.REST - timedelta(seconds=1)
    values = {"kind": Kind.BUILD, "started_at": then, "heartbeat_at": then, "finished_at": then}
    Reevaluation.objects.create(segments={"pro": row.version}, problems={"": "It died."}, **values)

    assert begin_due().n_pages


def test_people_who_are_dirty_are_evaluated_for_all_segments() -> None:
    built("pro", 'profile@traits.plan = "pro"')
    built("top", 'profile@segments CONTAINS "pro"')
    profile = person(plan="pro")
    dirty.mark([profile.id])

    begin_due()
    work_on_all()

    assert members("pro") == members("top") == {profile.id}
    assert set(Membership.objects.values_list("entered_because", flat=True)) == {Cause.CHANGE}


def test_everybody_is_evaluated_for_what_depends_on_time_and_for_who_asks_about_it() -> None:
    built("still", 'profile@traits.plan = "pro"')
    built("recent", "profile@last_seen_at >= now() - 30 DAYS")
    built("top", 'profile@segments CONTAINS "recent"')
    built("history", 'COUNT("purchase") >= 1')

    due.begin_full(requested_by="test", now=timezone.now())

    assert set(Reevaluation.objects.get().segments) == {"recent", "top"}


def test_everybody_is_evaluated_for_segments_that_are_asked_for() -> None:
    built("still", 'profile@traits.plan = "pro"')

    due.begin_full(["still"], requested_by="test", now=timezone.now())

    assert set(Reevaluation.objects.get().segments) == {"still"}
    with pytest.raises(KeyError, match="gone"):
        due.begin_full(["gone", "still"], requested_by="test", now=timezone.now())


def test_where_nothing_depends_on_time_members_are_only_counted() -> None:
    built("still", 'profile@traits.plan = "pro"')

    begun = due.begin_full(requested_by="test", now=timezone.now())

    assert begun == due.Begun(0, "No segment depends on time; members were counted.")


def test_an_overlapping_start_says_so() -> None:
    built("recent", "profile@last_seen_at >= now() - 30 DAYS")
    due.begin_full(requested_by="test", now=timezone.now())

    again = due.begin_full(requested_by="test", now=timezone.now())

    assert again == due.Begun(0, "A run is under way already: everybody, as time goes by.")


@pytest.mark.django_db(transaction=True)
def test_whoever_is_changed_by_a_batch_that_did_not_know_a_definition_is_found_by_its_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(due, "WAIT_SECS", 0.2)
    profile = person(plan="free")
    has_evaluated, may_commit = threading.Event(), threading.Event()

    def change_as_a_batch_does() -> None:
        known = index.current.get()
        with transaction.atomic():
            locked = Profile.objects.all().locked([profile.id]).get()
            locked.traits = {"plan": "pro"}
            locked.save()
            evaluation.evaluate([Subject(locked, known.everything)], known, now=timezone.now())
            has_evaluated.set()
            assert may_commit.wait(timeout=30)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(change_as_a_batch_does)
        assert has_evaluated.wait(timeout=30)
        segment("pro", 'profile@traits.plan = "pro"')
        too_early = begin_due()
        may_commit.set()
        batch.result()
    begin_due()
    work_on_all()

    assert too_early.n_pages == 0
    assert members("pro") == {profile.id}


@pytest.mark.django_db(transaction=True)
def test_a_build_waits_for_those_who_evaluate_by_the_definitions_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would not see what they have not committed yet, and they would not know what it evaluated by."""
    segment("pro", 'profile@traits.plan = "pro"')
    monkeypatch.setattr(due, "WAIT_SECS", 0.2)

    with psycopg.connect(**connection.get_connection_params()) as other:  # in a transaction of its own
        other.execute("SELECT number FROM segments_segmentversion")
        reading = begin_due()  # whoever only reads evaluates nothing
        Reevaluation.objects.all().delete()
        other.execute("SELECT pg_current_xact_id()")
        waiting = begin_due()
    begun = begin_due()

    assert reading.n_pages
    assert waiting == due.Begun(0, "New definitions wait for transactions that began before.")
    assert begun.n_pages
