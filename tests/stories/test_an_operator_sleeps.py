"""Valkey, workers, PostgreSQL and senders are killed: a mail and a webhook tell of it, once, and that it is over."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import psycopg
import pytest

from apps.console.supervision import SKIP_CHECKS
from apps.core.queue_state import OVERDUE_MS
from tests.alerts.conftest import Mailbox, mail_server
from tests.commands import MANAGE, Commands, Program
from tests.live import Live, live_platform, wait_for
from tests.outside import Outside, outside

pytestmark = [pytest.mark.xdist_group("operator"), pytest.mark.timeout(300)]

PREPARE = """
from apps.alerts.models import Alert, Channel
Alert.objects.exclude(kind__in=("valkey_away", "unattended_queue", "dead_letters")).delete()
Alert.objects.update(for_minutes=0, recovery_minutes=0)
Channel.objects.create(name="Mail", kind="email", recipients="anna@example.com")
Channel.objects.create(name="Hook", kind="webhook", address="{hook}/cdp", secret="whsec_Z2VoZWlt")
"""
DEAD_LETTER = (
    "INSERT INTO events_inboxitem (source_id, dialect, body, envelope, received_at, attempts, error, dead_at)"
    " VALUES (gen_random_uuid(), 'track', '{}', '{}', now(), 1, 'broken', now()) RETURNING id"
)


class Operator:
    """A platform whose alerts reach a mailbox and a webhook."""

    def __init__(self, live: Live, hook: Outside, box: Mailbox) -> None:
        self.live, self.valkey, self.hook, self.box = live, live.valkey, hook, box
        settings = {"EMAIL_URL": f"smtp://127.0.0.1:{box.port}", "EGRESS_ALLOWED_NETWORKS": "127.0.0.0/8"}
        self.env = {**live.env, **settings}
        folder = live.var / "operator"
        folder.mkdir()
        self.commands = Commands(self.env, folder)

    def look(self) -> None:
        """Evaluate once, as the machine's cron does."""
        self.commands.run("alerts", "--once", SKIP_CHECKS)

    def forget(self) -> None:
        """Have had nothing to tell of."""
        with psycopg.connect(self.live.database_url, autocommit=True) as database:
            for table in ("alerts_notification", "alerts_incident", "events_inboxitem"):
                database.execute(f"DELETE FROM {table}")
        self.valkey.client.flushall()
        self.hook.taken.clear()
        self.box.mails.clear()

    def start(self, *command: str) -> Program:
        return self.commands.start([MANAGE, *command, SKIP_CHECKS], self.live.log(command[0]))

    def told(self) -> list[str]:
        """Return the titles of what arrived at the webhook, which are those of the mails, too."""
        subjects = [str(mail["Subject"]) for mail in self.box.mails]
        titles = [str(taken.body) for taken in self.hook.taken]
        assert len(subjects) == len(titles)
        assert all(any(subject in title for title in titles) for subject in subjects)
        return subjects


@pytest.fixture(scope="module")
def shared() -> Iterator[Operator]:
    box = Mailbox()
    with live_platform(has_web=False) as live, outside() as hook, mail_server(box):
        (live.var / "metrics").mkdir(exist_ok=True)  # where the pages, which a shell imports, count
        live.manage("shell", "--no-imports", "-c", PREPARE.format(hook=hook.address))
        made = Operator(live, hook, box)
        yield made
        made.commands.stop()


@pytest.fixture
def operator(shared: Operator) -> Operator:
    shared.forget()
    return shared


def test_valkey_is_killed_and_comes_back(operator: Operator) -> None:
    operator.look()
    assert operator.told() == []
    operator.valkey.kill()
    for _ in range(2):
        operator.look()
    assert operator.told() == ["Valkey does not answer"]

    operator.valkey.start()
    for _ in range(2):
        operator.look()

    assert operator.told() == ["Valkey does not answer", "Over: Valkey does not answer"]


def test_a_worker_is_killed_and_another_one_comes(operator: Operator) -> None:
    worker = operator.start("rqworker", "default")
    wait_for(lambda: bool(operator.valkey.client.smembers("rq:workers:default")), "the worker")
    operator.look()
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    killed = operator.valkey.client.smembers("rq:workers:default")
    for key in killed:
        operator.valkey.client.pexpire(key, OVERDUE_MS)  # as if the next sign of life were overdue
    for _ in range(2):
        operator.look()
    assert operator.told() == ["A queue is not worked on"]

    worker = operator.start("rqworker", "default")
    wait_for(lambda: bool(operator.valkey.client.smembers("rq:workers:default") - killed), "another worker")
    operator.look()
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()

    assert operator.told() == ["A queue is not worked on", "Over: A queue is not worked on"]


def test_postgresql_is_killed_and_the_process_goes_on_once_it_is_back() -> None:
    heard = "SELECT at FROM core_beat WHERE name = 'alerts'"
    with live_platform(durable=True, has_web=False) as live:
        process = live.start_role("alerts")
        wait_for(lambda: bool(live.rows(heard)), "a look at the alerts")
        before = live.rows(heard)[0]["at"]
        os.killpg(live.postgres.pid, signal.SIGKILL)
        live.postgres.wait()
        live.start_postgres()

        wait_for(lambda: live.rows(heard)[0]["at"] > before, "another look", timeout_secs=90)

        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_who_sends_is_killed_in_the_middle_and_the_receiver_knows_the_repetition(operator: Operator) -> None:
    goes_on = threading.Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        goes_on.wait(30)

    operator.hook.handle = hang
    operator.live.rows(DEAD_LETTER)
    sender = operator.start("alerts")
    wait_for(lambda: bool(operator.hook.taken), "the request")
    os.killpg(sender.pid, signal.SIGKILL)
    sender.wait()
    goes_on.set()
    operator.hook.handle = None
    waiting = "SELECT FROM alerts_notification WHERE due_at IS NOT NULL"
    assert operator.live.rows(waiting)

    # As if the lease had run out, which it does within a minute.
    operator.live.rows("UPDATE alerts_notification SET due_at = now() WHERE due_at IS NOT NULL RETURNING id")
    sender = operator.start("alerts")
    wait_for(lambda: not operator.live.rows(waiting), "the repetition")
    sender.send_signal(signal.SIGTERM)

    assert sender.wait(timeout=20) == 0
    # The mail may be repeated, too, where it had gone out and nobody had noted that yet.
    assert len({mail["Message-ID"] for mail in operator.box.mails}) == 1
    keys = Counter(taken.headers["idempotency-key"] for taken in operator.hook.taken)
    assert list(keys.values()) == [2]
    assert len({taken.body for taken in operator.hook.taken}) == 1
