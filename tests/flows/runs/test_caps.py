"""However many workers and flows there are, nobody is written to more often than caps say, or in quiet hours."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from apps.flows.contacting.writing import CAPPED, before_writing
from apps.flows.engine.moves import Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.models import Contact, Flow, FlowVersion, Run
from apps.flows.runs import batches, pending
from tests.factories import NOON, ProfileFactory
from tests.flows.engine.graphs import Node
from tests.flows.factories import FlowVersionFactory, FrequencyCapFactory, QuietHoursFactory
from tests.flows.runs.published import let_in, pass_time, publish, run_of

HOUR = timedelta(hours=1)
NIGHT = NOON.replace(hour=22)


def start(step: Step) -> Move:
    return Go()


def write(step: Step) -> Move:
    return before_writing(step, "email") or Go()


def published(**flow: int) -> FlowVersion:
    version = FlowVersionFactory()
    Flow.objects.filter(pk=version.flow_id).update(**flow)
    version.flow.refresh_from_db()
    return publish({"start": start, "write": Node(write, ports=("out", CAPPED))}, ["start -> write"], version=version)


def ports(ids: list[UUID]) -> Counter[str]:
    """Count by which ports people left the node that writes."""
    return Counter(run_of(id).state["path"][-1][1] for id in ids)


@pytest.mark.django_db
def test_a_message_that_is_tried_again_counts_once() -> None:
    FrequencyCapFactory(most=1)

    moves: list[Move] = [Fail("No answer."), Fail("No answer."), Go()]

    def fail_at_first(step: Step) -> Move:
        return before_writing(step, "email") or moves.pop(0)

    node = Node(fail_at_first, ports=("out", CAPPED), options={"retries": 2, "rest": HOUR})
    version = publish({"start": start, "write": node}, ["start -> write"])
    [id] = let_in(version, [ProfileFactory().id])

    pass_time(NOON)
    pass_time(NOON + HOUR)
    pass_time(NOON + 2 * HOUR)

    assert ports([id]) == {"out": 1}
    assert Contact.objects.count() == 1


@pytest.mark.usefixtures("crowd")
@pytest.mark.django_db(transaction=True)
def test_fifty_workers_never_break_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SIZE", 3)
    FrequencyCapFactory(most=7)
    version, people = published(), [ProfileFactory().id for _ in range(5)]
    runs = {person: let_in(version, [person] * 30) for person in people}

    def work(_n: int) -> None:
        try:
            pass_time(NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as workers:
        list(workers.map(work, range(50)))

    assert [ports(ids) for ids in runs.values()] == [Counter(out=7, capped=23)] * 5
    assert [Contact.objects.filter(profile_id=person).count() for person in people] == [7] * 5


@pytest.mark.django_db
def test_of_two_flows_the_one_that_comes_first_has_what_a_cap_leaves() -> None:
    FrequencyCapFactory(most=1)
    person = ProfileFactory().id
    offers, orders = published(priority=0), published(priority=5)
    [offer], [order] = let_in(offers, [person]), let_in(orders, [person])

    pass_time(NOON)

    assert (ports([order]), ports([offer])) == (Counter(["out"]), Counter(["capped"]))


@pytest.mark.django_db
def test_who_is_to_be_written_to_at_night_waits_for_the_morning_where_they_are() -> None:
    QuietHoursFactory()
    version = published()
    zones = ("Europe/Berlin", "Asia/Kolkata", "")
    people = [ProfileFactory(aux={"geo": {"time_zone": zone}}).id for zone in zones]
    ids = let_in(version, people, at=NIGHT)

    pass_time(NIGHT)

    mornings = [NIGHT + 9 * HOUR, NIGHT + 4.5 * HOUR, NIGHT + 10 * HOUR]
    assert [run_of(id).due_at for id in ids] == mornings
    assert Contact.objects.count() == 0
    for morning in sorted(mornings):
        pass_time(morning)
    assert sorted(Contact.objects.values_list("at", flat=True)) == sorted(mornings)


@pytest.mark.django_db
def test_who_skips_the_wait_is_written_to_at_night() -> None:
    QuietHoursFactory()
    [id] = let_in(published(), [ProfileFactory().id], at=NIGHT)
    pass_time(NIGHT)

    pending.skip(Run.objects.filter(pk=id), now=NIGHT)
    pass_time(NIGHT)

    assert ports([id]) == Counter(["out"])


@pytest.mark.django_db
def test_a_run_about_nobody_writes_to_nobody_who_could_be_capped() -> None:
    FrequencyCapFactory(most=1)
    QuietHoursFactory()

    ids = let_in(published(), [None, None], at=NIGHT)
    pass_time(NIGHT)

    assert ports(ids) == Counter(out=2)
