"""`manage.py heartbeat`: what is due, one at once, one on the spot, and what is said of mistakes."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core import beats, queues
from apps.core.jobs import jobs
from apps.core.models import AuditEntry
from apps.heartbeats.models import Heartbeat, HeartbeatRun, Silence
from tests.factories import ConsentTypeFactory, SegmentFactory, SourceFactory
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


def heartbeat(*args: str) -> str:
    out = StringIO()
    call_command("heartbeat", *args, stdout=out)
    return out.getvalue()


def test_what_is_due_runs_and_shows_that_there_is_a_clock(silent: Shop) -> None:
    HeartbeatFactory(name="Gone")

    assert heartbeat() == "Gone: 2 said, 0 not.\n"
    assert heartbeat() == "No heartbeat is due, or those that are run already.\n"
    assert beats.Name.CRON in beats.last()


def test_one_runs_at_once_by_its_name_though_it_is_not_due(silent: Shop) -> None:
    HeartbeatFactory(name="Gone", schedule="")

    assert heartbeat("Gone") == "Gone: 2 said, 0 not.\n"
    assert heartbeat("Gone") == "Gone: 0 said, 0 not.\n"
    assert set(AuditEntry.objects.values_list("actor", "action", "object_type")) == {
        ("command", "run", "heartbeats.heartbeat")
    }


def test_an_unknown_name_lists_the_known_ones(db: None) -> None:
    HeartbeatFactory(name="Gone")
    HeartbeatFactory(name="Away")

    with pytest.raises(CommandError, match=r"no heartbeat gone\. Did you mean Gone\? There are: Away, Gone\."):
        heartbeat("gone")


def test_a_dry_run_counts_and_writes_nothing(silent: Shop) -> None:
    HeartbeatFactory(name="Gone")

    told = heartbeat("Gone", "--dry-run").splitlines()

    assert told[0] == "Gone: 2 would be said."
    assert len(told) == 3
    assert not Silence.objects.exists()


def test_those_that_there_are_are_listed_with_their_next_and_their_last_run(silent: Shop) -> None:
    HeartbeatFactory(name="Gone", schedule="")
    told = "Gone\tinactive-profile\t1 day\tprofile-inactive\ton\t-\t"

    assert heartbeat("--list") == f"{told}-\n"
    heartbeat("Gone")
    ran_at = HeartbeatRun.objects.get().started_at
    assert heartbeat("--list") == f"{told}{ran_at.isoformat(timespec='seconds')}\n"


def test_a_strategy_on_the_spot_says_nothing_twice(silent: Shop) -> None:
    flags = ("--strategy", "inactive-profile", "--wait-period", "2 days")

    assert heartbeat(*flags, "--dry-run").startswith("inactive-profile: 2 would be said.")
    assert heartbeat(*flags) == "inactive-profile: 2 said, 0 not.\n"
    assert heartbeat(*flags) == "inactive-profile: 0 said, 0 not.\n"
    assert not Heartbeat.objects.exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"strategy": "inactive-profil", "wait-period": "1d"}, "--strategy: There is no strategy inactive-profil"),
        ({"strategy": "inactive-profile"}, "--wait-period: Say how long"),
        ({"strategy": "inactive-profile", "wait-period": "soon"}, "--wait-period: 'soon' is no length of time"),
        ({"strategy": "inactive-profile", "wait-period": "30"}, "--wait-period: '30' has no unit of time"),
        ({"strategy": "inactive-profile", "wait-period": "1d", "max": "0"}, "--max: At least one a run."),
        ({"strategy": "inactive-profile", "wait-period": "1d", "source": "Shop"}, "--source: There is no source Shop"),
        ({"strategy": "inactive-profile", "wait-period": "1d", "segment": "vip"}, "--segment: There is no segment vip"),
        ({"strategy": "inactive-profile", "wait-period": "1d", "consent": "a"}, "--consent: There is no consent a"),
        ({"strategy": "inactive-profile", "wait-period": "1d", "condition": "profile@"}, "--condition: "),
        ({"strategy": "inactive-profile", "wait-period": "1d", "event-type": "x"}, "--event-type: There is no event"),
    ],
)
def test_a_wrong_flag_is_named(db: None, flags: dict[str, Any], told: str) -> None:
    with pytest.raises(CommandError) as caught:
        heartbeat(*(part for flag, value in flags.items() for part in (f"--{flag}", value)))

    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["Gone", "--strategy", "inactive-profile", "--wait-period", "1d"], "Either NAME or --strategy"),
        (["Gone", "--strategy", ""], "Either NAME or --strategy"),
        (["Gone", "--max", "3"], "--max: only with --strategy"),
        (["Gone", "--includes-bots"], "--includes-bots: only with --strategy"),
        (["--wait-period", "1d", "--source", "Shop"], "--wait-period, --source: only with --strategy"),
        (["--dry-run", "--rearm", "once"], "--rearm: only with --strategy"),
        (["--dry-run", "--condition", ""], "--condition: only with --strategy"),
        (["--strategy", ""], "--strategy: There is no strategy"),
        (["--strategy", "inactive-profile", "--wait-period", "1d", "--source", ""], "--source: it is empty"),
        (["--strategy", "inactive-profile", "--wait-period", "1d", "--condition", ""], "--condition: it is empty"),
        (["--list", "Gone"], "--list lists all"),
        (["--list", "--dry-run"], "--list lists all"),
        (["--list", "--strategy", "inactive-profile"], "--list lists all"),
        (["--list", "--max", "3"], "--list lists all"),
    ],
)
def test_a_flag_that_would_not_be_heeded_is_refused(silent: Shop, args: list[str], told: str) -> None:
    HeartbeatFactory(name="Gone")

    with pytest.raises(CommandError, match=f"^(?:{told})"):
        heartbeat(*args)

    assert not Silence.objects.exists()


@pytest.mark.parametrize("flag", ["source", "segment", "consent"])
def test_of_an_unknown_scope_it_is_said_what_there_is(db: None, flag: str) -> None:
    made: dict[str, Callable[[], Any]] = {
        "source": lambda: SourceFactory(name="Shop").name,
        "segment": lambda: SegmentFactory(key="vip").key,
        "consent": lambda: ConsentTypeFactory(id="letters").id,
    }
    there_is = made[flag]()

    with pytest.raises(CommandError, match=rf"^--{flag}: There is no {flag} other\..* There are: .*{there_is}"):
        heartbeat("--strategy", "inactive-profile", "--wait-period", "1d", f"--{flag}", "other")


def test_at_most_so_many_are_said_and_a_dry_run_tells_so(silent: Shop) -> None:
    flags = ("--strategy", "inactive-profile", "--wait-period", "1d", "--max", "1")

    assert heartbeat(*flags, "--dry-run").startswith("inactive-profile: 2 would be said, at most 1 in a run.")
    assert heartbeat(*flags) == "inactive-profile: 1 said, 0 not, the rest comes with the next run.\n"


def test_one_on_the_spot_is_on_record(silent: Shop) -> None:
    heartbeat("--strategy", "inactive-profile", "--wait-period", "1d", "--condition", 'profile@email = "a@b.example"')

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.object_type) == ("command", "run", "heartbeats.heartbeat")
    assert entry.details["changes"]["wait_period"]["after"] == "1 day, 0:00:00"
    assert "a@b.example" not in str(entry.details)


def test_one_that_is_off_does_not_run(db: None) -> None:
    HeartbeatFactory(name="Gone", is_enabled=False)

    with pytest.raises(CommandError, match="Gone is switched off"):
        heartbeat("Gone")


def test_one_that_somebody_else_runs_is_left_to_them(silent: Shop) -> None:
    HeartbeatFactory(name="Gone")
    Heartbeat.objects.update(attempts=1, due_at=timezone.now() + timedelta(seconds=50))  # somebody has its lease

    assert heartbeat("Gone") == "Gone: already running.\n"
    assert heartbeat() == "No heartbeat is due, or those that are run already.\n"
    assert not Silence.objects.exists()


def test_one_that_fails_is_told_and_the_command_fails_once_the_others_ran(silent: Shop) -> None:
    HeartbeatFactory(name="Broken")
    HeartbeatFactory(name="Gone")
    Heartbeat.objects.filter(name="Broken").update(condition="profile@")
    out = StringIO()

    with pytest.raises(CommandError, match=r"^Broken: "):
        call_command("heartbeat", stdout=out)

    assert "Gone: 2 said, 0 not.\n" in out.getvalue()


def test_the_clock_runs_each_minute_what_the_command_runs(silent: Shop) -> None:
    HeartbeatFactory(name="Gone")
    job = jobs["apps.heartbeats.jobs.run_heartbeats"]

    assert (job.every, job.queue) == (timedelta(minutes=1), queues.DEFAULT)
    assert job.run() == "1 heartbeats ran and said 2 events."
    assert heartbeat() == "No heartbeat is due, or those that are run already.\n"
