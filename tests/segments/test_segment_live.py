"""The command, and the jobs behind it and the clock."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django_rq import get_queue
from rq import SimpleWorker

from apps.core.queues import DEFAULT
from apps.profiles import dirty
from apps.segments import jobs
from apps.segments.jobs import SEGMENTATION
from apps.segments.models import Membership, Reevaluation, Segment
from tests.factories import MembershipFactory
from tests.segments.people import members, person, segment

pytestmark = pytest.mark.django_db


def segment_live(*args: str) -> str:
    out = StringIO()
    call_command("segment_live", *args, stdout=out)
    return out.getvalue()


def test_it_evaluates_what_waits_here_and_now() -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    profile = person(plan="pro")

    said = segment_live("--wait")

    assert members("pro") == {profile.id}
    assert "Everybody, for new definitions: 1 people, 1 entered, 0 left." in said
    assert "Nothing waits." in segment_live("--wait")


def test_it_evaluates_everybody_for_what_depends_on_time_or_for_segments_by_name() -> None:
    recent = segment("recent", "profile@last_seen_at >= now() - 30 DAYS")
    still = segment("still", 'profile@traits.plan = "pro"')
    segment_live("--wait")
    profile = person()
    Membership.objects.all().delete()
    for row in (recent, still):
        MembershipFactory(segment=row, profile_id=profile.id)

    Segment.objects.filter(key="recent").update(size=99)
    segment_live("--full", "--wait")
    kept = members("still")
    segment_live("--segment", "still", "--wait")

    assert kept == {profile.id}
    assert members("still") == set()
    assert Segment.objects.get(key="recent").size < 99


def test_it_refuses_segments_that_there_are_not() -> None:
    with pytest.raises(CommandError, match="switched on: gone"):
        segment_live("--segment", "gone")


@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_the_pages_from_the_queue() -> None:
    segment("pro", 'profile@traits.plan = "pro"')
    profile = person(plan="pro")
    queue = get_queue(SEGMENTATION.name)
    queue.empty()

    said = jobs.evaluate_due()
    assert queue.count == 1
    SimpleWorker([queue], connection=queue.connection).work(burst=True)

    assert said == "A run of 1 page began: everybody, for new definitions."
    assert members("pro") == {profile.id}
    assert Reevaluation.objects.get().finished_at


@pytest.mark.django_db(transaction=True)
def test_a_nudge_lets_somebody_begin() -> None:
    dirty.mark([person().id])
    queue = get_queue(DEFAULT.name)
    queue.empty()

    jobs.nudge()
    SimpleWorker([queue], connection=queue.connection).work(burst=True)

    assert Reevaluation.objects.get().kind == Reevaluation.Kind.INCREMENTAL
