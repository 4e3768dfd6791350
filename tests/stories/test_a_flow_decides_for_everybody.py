"""A flow goes through everybody while a worker is killed: who is in the segment is whom SQL finds, each change once."""

from collections.abc import Iterator

import pytest

from tests.commands import Program
from tests.laws import examples
from tests.live import Live, live_platform, wait_for

N_PEOPLE, PAGE = examples(2_000, nightly=100_000), examples(100, nightly=500)
PEOPLE = """
INSERT INTO profiles_profile (id, primary_id, email, name, country, is_anonymous, created_at, updated_at, first_seen_at,
    last_seen_at, last_active_at, visit_count, event_count, identifier_count, data, traits, interests, consents, stats,
    aux, provenance, computed_states, computed, computed_version)
SELECT uuidv7(n * interval '1 ms'), 'C-' || n, '', '', '', false, now(), now(), now(), now(), now(), n %% 7, 0, 0, '{}',
    jsonb_build_object('plan', (ARRAY['free', 'pro', 'team'])[1 + n %% 3]), '{}', '{}', '{}', '{}', '{}', '{}', '{}', 0
FROM generate_series(1, %s) AS n RETURNING id::text
"""
# Some are members whom the flow lets leave, some are members who stay.
MEMBERS = """
INSERT INTO segments_membership (id, segment_id, profile_id, entered_at, entered_because, left_because)
SELECT gen_random_uuid(), s.id, p.id, now(), 'flow', '' FROM segments_segment AS s, profiles_profile AS p
WHERE p.visit_count IN (1, 4) RETURNING profile_id::text
"""
WANTED = "SELECT id::text FROM profiles_profile WHERE traits ->> 'plan' IN ('pro', 'team') AND visit_count >= 3"
CURRENT = "SELECT profile_id::text AS id FROM segments_membership WHERE left_at IS NULL"
SAID = "SELECT type, profile_id::text AS id FROM events_event WHERE type IN ('segment-entered', 'segment-left')"
WAITING = "SELECT count(*) AS n FROM events_inboxitem"
MAKE = """
from django.utils import timezone
from apps.core.audit import COMMAND
from apps.flows.changing import publishing, switching
from apps.flows.changing.publishing import People
from apps.flows.models import Flow
from apps.segments import live
from apps.segments.models import Segment

Segment.objects.create(key="payers", name="Payers", kind=Segment.Kind.FLOW)
draft = publishing.first_draft(Flow.Kind.SEGMENTATION)
draft["nodes"][1]["settings"]["condition"] = 'profile@traits.plan IN ["pro", "team"] AND profile@visits.count >= 3'
row = Flow(key="payers", name="Payers", kind=Flow.Kind.SEGMENTATION, draft=draft)
how = dict(actor=COMMAND, now=timezone.now())
publishing.save(row, revision=0, is_unfinished=False, **how)
publishing.publish(row.pk, revision=1, people=People.FINISH, note="", **how)
switching.switch_on(row.pk, **how)
[task] = live.begin(requested_by="clock", now=timezone.now())
print(task.pk)
"""
# One worker: it takes small pages, each after a moment, so that there is a midst to be killed in.
WORK = f"""
import sys, time
from apps.core import tasks
from apps.flows import segmenting

segmenting.PAGE = {PAGE}
decide = segmenting.decide

def slowly(*args, **named):
    page = decide(*args, **named)
    time.sleep(0.02)  # before it is stored
    return page

segmenting.decide = slowly
while tasks.run(sys.argv[1], secs=60):
    pass
"""


@pytest.fixture
def platform() -> Iterator[Live]:
    with live_platform(has_web=False) as live:
        yield live


def start_worker(live: Live, task: str) -> Program:
    return live.start_python("worker", "-c", WORK, task)


def progress(live: Live) -> int:
    return int(live.rows("SELECT progress FROM core_task")[0]["progress"])


def in_time(secs: float) -> float:
    """Say how long something may take: of many people it takes longer."""
    return secs * examples(1, nightly=20)


def ids(live: Live, query: str) -> set[str]:
    return {row["id"] for row in live.rows(query)}


@pytest.mark.timeout(in_time(300))
def test_memberships_are_those_of_sql_and_each_change_happens_once(platform: Live) -> None:
    task = platform.manage("shell", "--no-imports", "-c", MAKE).strip()
    assert len(platform.rows(PEOPLE, N_PEOPLE)) == N_PEOPLE
    before = {row["profile_id"] for row in platform.rows(MEMBERS)}

    victim = start_worker(platform, task)
    wait_for(lambda: progress(platform) >= 5 * PAGE, "some pages", timeout_secs=in_time(120))
    victim.kill()
    victim.wait()
    assert progress(platform) < N_PEOPLE
    assert start_worker(platform, task).wait(timeout=in_time(120)) == 0, platform.log("worker").read_text()

    wanted = ids(platform, WANTED)
    assert ids(platform, CURRENT) == wanted
    assert before - wanted
    assert wanted - before
    [done] = platform.rows("SELECT state, progress, position FROM core_task")
    assert (done["state"], done["progress"]) == ("done", N_PEOPLE)
    assert (done["position"]["entered"], done["position"]["left"]) == (len(wanted - before), len(before - wanted))
    assert done["position"]["ways"]["asks.true"] == len(wanted)
    assert done["position"]["ways"]["asks.false"] == N_PEOPLE - len(wanted)
    assert len(platform.rows("SELECT id FROM segments_membership")) == len(before | wanted)
    wait_for(lambda: platform.rows(WAITING) == [{"n": 0}], "all that was said", timeout_secs=in_time(120))
    said = [(row["type"], row["id"]) for row in platform.rows(SAID)]
    entered, left = (sorted(id for type, id in said if type == f"segment-{verb}") for verb in ("entered", "left"))
    assert (entered, left) == (sorted(wanted - before), sorted(before - wanted))
