import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.db.models import F
from django.utils import timezone

from apps.core.audit import Actor
from apps.core.claims import DIED
from apps.events.resolution import by_hand
from apps.profiles import dirty, editing
from apps.profiles.models import Dirty, Profile
from apps.segments import definitions
from apps.segments.definitions import Definition
from apps.segments.models import Membership, Reevaluation, ReevaluationPage, Segment, SegmentSize
from apps.segments.runs import paging, reconciling
from tests.factories import EventFactory, MembershipFactory
from tests.segments.people import members, person, run, segment, work_on_all

pytestmark = pytest.mark.django_db
Kind = Reevaluation.Kind
NOW = timezone.now()
ANNA = Actor("user:7", "anna")
LEASE, MAX_ATTEMPTS = ReevaluationPage.LEASE, ReevaluationPage.MAX_ATTEMPTS


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    monkeypatch.setattr(paging, "DIRTY_PAGE", 2)
    monkeypatch.setattr(paging, "LOCKED", 1)


def begin(kind: Kind = Kind.FULL) -> Reevaluation:
    begun = paging.begin(kind, definitions.read().segments, requested_by="test", now=timezone.now())
    assert begun
    return begun


def pass_time() -> None:
    """Let so much time go by that whoever is at a page is taken for dead, and what failed is tried again."""
    ReevaluationPage.objects.filter(attempts__gt=0).update(due_at=F("due_at") - 2 * LEASE)
    Reevaluation.objects.update(heartbeat_at=timezone.now() - 2 * LEASE)


def break_for(monkeypatch: pytest.MonkeyPatch, key: str, error: type[BaseException]) -> None:
    """Let evaluating a segment fail."""
    different: Callable[..., dict[UUID, bool]] = reconciling.different

    def failing(definition: Definition, *args: Any, **values: Any) -> dict[UUID, bool]:
        if definition.key == key:
            raise error("it hurts")
        return different(definition, *args, **values)

    monkeypatch.setattr(reconciling, "different", failing)


@pytest.mark.usefixtures("small_pages")
def test_a_run_evaluates_everybody_page_by_page() -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    people = [person(plan="pro" if number % 2 else "free") for number in range(5)]
    leaver = person(plan="free")
    MembershipFactory(segment=Segment.objects.get(), profile_id=leaver.id)

    done = run(Kind.FULL, "pro", now=NOW)

    assert members("pro") == {people[1].id, people[3].id}
    assert (done.n_pages, done.n_pages_done, done.n_profiles, done.n_seen) == (4, 4, 6, 6)
    assert (done.n_entered, done.n_left, done.problems, done.percent) == (2, 1, {}, 100)
    assert done.finished_at


def test_people_who_come_while_a_run_is_under_way_belong_to_its_last_page() -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    begin()
    late = person(plan="pro")

    work_on_all()

    assert members("pro") == {late.id}


def test_a_run_without_people_ends_at_once() -> None:
    segment("pro", 'profile@traits.plan = "pro"')

    done = run(Kind.FULL, "pro", now=NOW)

    assert (done.n_profiles, done.n_seen, bool(done.finished_at)) == (0, 0, True)


def test_a_run_for_no_segment_looks_at_nobody_and_only_counts() -> None:
    row = segment("vip", "", kind=Segment.Kind.LIST)
    MembershipFactory(segment=row)

    done = run(Kind.FULL, now=NOW)

    row.refresh_from_db()
    assert (done.n_pages, bool(done.finished_at), row.size) == (0, True, 1)


def test_a_second_run_of_a_kind_is_not_begun_but_counted() -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    first = begin(Kind.FULL)

    again = paging.begin(Kind.FULL, [], requested_by="test", now=NOW)
    other = paging.begin(Kind.INCREMENTAL, [], requested_by="test", now=NOW)

    assert again is None
    assert other
    first.refresh_from_db()
    assert first.n_skipped == 1


def test_segments_that_others_ask_about_are_evaluated_before_them() -> None:
    segment("z-base", 'profile@traits.plan = "pro"')
    segment("a-top", 'profile@segments CONTAINS "z-base" AND profile@traits.size > 3')
    both = person(plan="pro", size=5)
    person(plan="pro", size=1)

    run(Kind.FULL, "a-top", "z-base", now=NOW)

    assert members("a-top") == {both.id}


def test_a_run_notes_since_when_members_are_right_and_how_many_there_are() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"', built_at=None)
    person(plan="pro")

    done = run(Kind.BUILD, "pro", now=NOW)

    row.refresh_from_db()
    assert (row.evaluated_at, row.size, row.built_at) == (done.started_at, 1, done.finished_at)
    assert SegmentSize.objects.values_list("segment__key", "day", "size").get() == ("pro", NOW.date(), 1)


def test_only_a_build_says_that_a_new_definition_is_evaluated() -> None:
    """It alone has waited for those who evaluated by other definitions."""
    row = segment("pro", 'profile@traits.plan = "pro"', built_at=None)

    run(Kind.FULL, "pro", now=NOW)

    row.refresh_from_db()
    assert (row.evaluated_at, row.built_at) == (None, None)


def test_a_definition_that_changes_meanwhile_waits_for_a_build_of_its_own() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    begin(Kind.BUILD)
    row.condition = 'profile@traits.plan = "team"'
    definitions.save(row)

    work_on_all()

    row.refresh_from_db()
    assert row.evaluated_at is None


def test_a_segment_that_is_switched_off_meanwhile_is_not_evaluated() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    person(plan="pro")
    begin()
    row.is_enabled = False
    definitions.save(row)

    work_on_all()

    assert not members("pro")
    assert Reevaluation.objects.get().problems == {}


def test_definitions_that_change_between_finding_and_settling_are_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    pro, team = person(plan="pro"), person(plan="team")
    begin()
    different, changed = reconciling.different, []

    def change_after(*args: Any, **values: Any) -> dict[UUID, bool]:
        found = different(*args, **values)
        if not changed:
            row.condition = 'profile@traits.plan = "team"'
            changed.append(definitions.save(row))
        return found

    monkeypatch.setattr(reconciling, "different", change_after)
    work_on_all()

    assert members("pro") == {team.id}
    assert not Membership.objects.filter(profile_id=pro.id).exists()


# Kill -9, lost queues, and what fails.


@pytest.mark.usefixtures("small_pages")
def test_a_page_whose_worker_died_is_put_again_and_nothing_happens_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    people = {person(plan="pro").id for _ in range(2)}
    begin()
    settle = reconciling.reconcile

    def die_at_the_second(*args: Any, **values: Any) -> Any:
        if Membership.objects.exists():
            raise KeyboardInterrupt  # nothing of ours catches it, as nothing catches a kill
        return settle(*args, **values)

    with monkeypatch.context() as patched:
        patched.setattr(reconciling, "reconcile", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            paging.work()
    assert Membership.objects.count() == 1
    assert paging.heal(now=timezone.now()) == 0
    work_on_all()  # the other page: this one is still leased
    assert Membership.objects.count() == 1
    pass_time()

    assert paging.heal(now=timezone.now()) == 1
    work_on_all()

    assert members("pro") == people
    done = Reevaluation.objects.get()
    assert (done.n_entered, done.n_seen, bool(done.finished_at), done.problems) == (2, 2, True, {})


def test_who_was_taken_for_dead_says_nothing_of_a_page_that_another_one_evaluated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    profile = person(plan="pro")
    begin()
    different = reconciling.different

    def fall_asleep(*_: Any, **__: Any) -> dict[UUID, bool]:
        pass_time()
        monkeypatch.setattr(reconciling, "different", different)
        assert paging.work()
        raise ZeroDivisionError("woken up")

    monkeypatch.setattr(reconciling, "different", fall_asleep)
    assert paging.work()

    done = Reevaluation.objects.get()
    assert (done.problems, done.n_pages_done, bool(done.finished_at)) == ({}, 1, True)
    assert members("pro") == {profile.id}


@pytest.mark.usefixtures("small_pages")
def test_pages_that_the_queue_lost_are_put_again_once_nobody_works_on_the_run() -> None:
    for _ in range(3):
        person()
    begun = begin()
    assert paging.heal(now=timezone.now()) == 0
    pass_time()

    assert paging.heal(now=timezone.now()) == begun.n_pages
    assert paging.heal(now=timezone.now()) == 0


@pytest.mark.usefixtures("small_pages")
def test_looking_after_a_run_is_no_sign_of_life_of_it() -> None:
    for _ in range(3):
        person()
    segment("pro", 'profile@traits.plan = "pro"')
    begun, began = begin(), timezone.now()

    looks = [paging.heal(now=began + timedelta(seconds=secs)) for secs in (40, 80, 120)]

    assert looks == [0, begun.n_pages, 0]


def test_a_run_whose_last_worker_died_before_it_could_say_so_ends() -> None:
    begin()
    ReevaluationPage.objects.update(due_at=None)

    paging.heal(now=timezone.now())

    assert Reevaluation.objects.get().finished_at


def test_a_page_that_kills_whoever_works_on_it_is_set_aside() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    Segment.objects.update(evaluated_at=NOW)
    begin()
    ReevaluationPage.objects.update(attempts=MAX_ATTEMPTS)

    assert paging.heal(now=timezone.now()) == 0

    done = Reevaluation.objects.get()
    assert (bool(done.finished_at), done.problems) == (True, {"": DIED})
    row.refresh_from_db()
    assert row.evaluated_at is None


def test_a_segment_that_cannot_be_evaluated_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    segment("bad", 'profile@traits.plan = "pro"')
    segment("good", 'profile@traits.plan = "pro"')
    profile = person(plan="pro")
    begin(Kind.BUILD)
    break_for(monkeypatch, "bad", ZeroDivisionError)

    for _ in range(MAX_ATTEMPTS):
        assert Reevaluation.objects.get().finished_at is None
        assert paging.work()
        pass_time()

    assert members("good") == {profile.id}
    done = Reevaluation.objects.get()
    assert done.problems == {"bad": "ZeroDivisionError: it hurts"}
    assert done.finished_at
    evaluated = dict(Segment.objects.values_list("key", "evaluated_at"))
    assert (evaluated["bad"], evaluated["good"]) == (None, done.started_at)


# Only those who are dirty.


def test_an_incremental_run_looks_at_those_who_were_touched_and_at_nobody_else() -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    segment("buyers", 'DID("purchase")')
    changed, other = person(plan="pro"), person(plan="pro")
    for profile in (changed, other):
        EventFactory(type="purchase", profile_id=profile.id)
    dirty.mark([changed.id])

    done = run(Kind.INCREMENTAL, "pro", "buyers", now=NOW)

    assert members("pro") == members("buyers") == {changed.id}
    assert (done.n_profiles, done.n_seen, done.n_entered) == (1, 1, 2)
    assert not Dirty.objects.exists()


def test_somebody_who_is_marked_while_they_are_evaluated_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    profile = person(plan="pro")
    dirty.mark([profile.id])
    settle = reconciling.reconcile

    def edit_before(*args: Any, **values: Any) -> Any:
        editing.edit(profile.id, {"traits.plan": "free"}, actor=ANNA, now=timezone.now())
        return settle(*args, **values)

    monkeypatch.setattr(reconciling, "reconcile", edit_before)
    run(Kind.INCREMENTAL, "pro", now=NOW)

    assert not members("pro")
    assert Dirty.objects.get().profile_id == profile.id


def test_who_is_dirty_stays_so_until_they_were_evaluated_but_a_broken_segment_is_built_anew_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = segment("bad", 'profile@traits.plan = "pro"')
    Segment.objects.update(evaluated_at=NOW)
    dirty.mark([person(plan="pro").id])
    begin(Kind.INCREMENTAL)
    break_for(monkeypatch, "bad", ZeroDivisionError)

    for _ in range(MAX_ATTEMPTS):
        assert Dirty.objects.exists()
        paging.work()
        pass_time()

    row.refresh_from_db()
    assert (row.evaluated_at, Dirty.objects.exists()) == (None, False)


def test_memberships_of_somebody_who_was_merged_by_hand_follow_them_and_are_evaluated_anew() -> None:
    row = segment("pro", 'profile@traits.plan = "pro"')
    other = segment("free", 'profile@traits.plan = "free"')
    one, two = person(plan="pro"), person(plan="free")
    MembershipFactory(segment=row, profile_id=one.id)
    MembershipFactory(segment=other, profile_id=two.id)

    by_hand.merge(one.id, two.id, actor=ANNA, now=timezone.now())
    run(Kind.INCREMENTAL, "pro", "free", now=NOW)

    kept = Profile.objects.get()
    assert (members("pro"), members("free")) in [({kept.id}, set()), (set(), {kept.id})]
    assert set(Membership.objects.values_list("profile_id", flat=True)) == {kept.id}


def test_old_runs_are_forgotten() -> None:
    long_ago = timezone.now() - timedelta(days=60)
    old = run(Kind.FULL, now=NOW)
    Reevaluation.objects.update(finished_at=long_ago, started_at=long_ago)

    run(Kind.FULL, now=NOW)

    assert not Reevaluation.objects.filter(pk=old.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_page_waits_for_a_batch_that_has_a_person_and_evaluates_by_what_it_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    profile = person(plan="pro")
    begin()
    is_held, is_found = threading.Event(), threading.Event()

    def change_as_a_batch_does() -> None:
        with transaction.atomic():
            locked = Profile.objects.all().locked([profile.id]).get()
            is_held.set()
            assert is_found.wait(timeout=30)
            locked.traits = {"plan": "free"}
            locked.save()
        connections.close_all()

    settle = reconciling.reconcile

    def settle_when_found(*args: Any, **values: Any) -> Any:
        is_found.set()
        return settle(*args, **values)

    monkeypatch.setattr(reconciling, "reconcile", settle_when_found)
    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(change_as_a_batch_does)
        assert is_held.wait(timeout=30)
        paging.work()
        batch.result()

    assert not Membership.objects.exists()
