"""The logs of all processes: a line of JSON each, that says what it was about, and nothing of anybody."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from tests.live import Live, Row, live_platform, wait_for

pytestmark = pytest.mark.xdist_group("logs")
EMAIL = "anna.schmidt@example.com"
API_KEY = "cdp_0123456789ab_" + "s3cret" * 7 + "x"
PASSWORD = "correct-horse-battery"
PROCESSES = ("web", "ingest", "worker", "metrics")
TASK = "7" * 8  # which is no id of one
LOST_TASK = "from django_rq import get_queue; from apps.core.jobs import run_task; "
LOST_TASK += f"get_queue('default').enqueue(run_task, task_id='{TASK}')"
FORGET_FAILED = """
from django_rq import get_queue
failed = get_queue("default").failed_job_registry
for job_id in failed.get_job_ids():
    failed.remove(job_id, delete_job=True)
"""
BROKEN = """
INSERT INTO events_inboxitem (source_id, dialect, body, envelope, received_at, attempts, error)
VALUES (%s, 'track', %s, '{}', now(), 0, '') RETURNING id
"""


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with live_platform(has_web=False) as live:
        live.log_level = "INFO"
        os.kill(live.ingest.pid, signal.SIGTERM)
        live.ingest.wait()
        for start in (live.start_web, live.start_ingest, live.start_worker, live.start_metrics):
            start()
        yield live


@pytest.fixture(scope="module")
def source(live: Live) -> Row:
    return live.source("Shop")


def lines(live: Live, *names: str) -> list[dict[str, Any]]:
    """Read all that the processes have written; each line is JSON, or the test fails."""
    texts = [text for name in names for text in live.log(name).read_text().splitlines()]
    return [json.loads(text) for text in texts if text]


def ask(live: Live, path: str, body: bytes | None = None, method: str | None = None, **headers: str) -> tuple[int, str]:
    """Return the status, and the id of the request that the answer names."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urlopen(Request(f"{live.address}{path}", body, named, method=method), timeout=20) as answer:
            return answer.status, answer.headers["X-Request-ID"]
    except HTTPError as error:
        return error.code, error.headers["X-Request-ID"]


@pytest.mark.timeout(300)
def test_nothing_that_senders_write_gets_into_a_log(live: Live, source: Row) -> None:
    key, email = source["write_key"], quote(EMAIL)
    event = {"type": "page-view", "properties": {"email": EMAIL, "password": PASSWORD, "api_key": API_KEY}}
    body = json.dumps({"source": {"id": key}, "session": {"id": EMAIL}, "events": [event]}).encode()
    secret = {"Authorization": f"Bearer {API_KEY}", "Cookie": f"a={EMAIL}", "X_Request_ID": EMAIL, "User_Agent": EMAIL}

    ask(live, "/track", body, **secret)
    ask(live, "/track", body, method="PUT", **secret)
    ask(live, f"/track?email={email}&key={API_KEY}", body[:-5], **secret)
    ask(live, f"/collect/{email}/{key}?email={email}", body, **secret)
    ask(live, f"/collect/{email}/{API_KEY}", body, **secret, Origin=f"https://{EMAIL}")
    ask(live, f"/{email}/{key}", **secret)
    ask(live, f"/admin/{email}?q={email}", **secret)
    ask(live, f"/admin/login/?next={email}", b"username=" + EMAIL.encode(), Referer=f"https://{EMAIL}", **secret)
    ask(live, f"/admin/{email}", **secret, Host=EMAIL)
    ask(live, f"/api/profiles/lookup?email={email}", **secret)
    ask(live, f"/redirect/{email}", **secret)
    with socket.create_connection(("127.0.0.1", live.port)) as raw:  # what is no HTTP
        raw.sendall(f"{EMAIL} {API_KEY}\r\n\r\n".encode())
        raw.recv(1_000)
    live.rows(BROKEN, source["id"], f'{{"source": "{EMAIL}", "events": "{API_KEY}')
    live.rows(BROKEN, source["id"], json.dumps({"source": {"id": key}, "events": EMAIL}))
    wait_for(lambda: live.rows("SELECT 1 FROM events_inboxitem WHERE dead_at IS NULL") == [], "dead letters")

    told = json.dumps(lines(live, *PROCESSES))
    assert "Not Found: other" in told
    assert "A message of the inbox cannot be read" in told
    for secret_text in (EMAIL, email, "anna.schmidt", key, API_KEY, "s3cret", PASSWORD):
        assert secret_text not in told, secret_text
    live.rows("DELETE FROM events_inboxitem RETURNING id")


def test_a_request_is_followed_by_the_id_that_a_proxy_gave_it(live: Live) -> None:
    given = "4bf92f3577b34da6a3ce929d0e0e4736"

    status, answered = ask(live, "/nowhere", X_Request_ID=given)
    _, made = ask(live, "/nowhere-else")

    assert (status, answered) == (404, given)
    found = [line["request_id"] for line in lines(live, "web") if line["message"] == "Not Found: other"]
    assert given in found
    assert made in found
    assert made != given


def test_an_id_that_could_be_anything_is_replaced(live: Live) -> None:
    for odd in (EMAIL, "short", "x" * 65, "two words here", API_KEY):
        assert ask(live, "/healthcheck", X_Request_ID=odd)[1] != odd


@pytest.mark.timeout(300)
def test_what_ingest_says_of_a_message_names_the_item(live: Live, source: Row) -> None:
    [row] = live.rows(BROKEN, source["id"], "{")
    wait_for(lambda: live.rows("SELECT 1 FROM events_inboxitem WHERE dead_at IS NULL") == [], "the dead letter")

    found = [line for line in lines(live, "ingest") if line.get("inbox_items") == [row["id"]]]
    assert [line["message"] for line in found] == [
        "A batch of the inbox failed; its messages are tried one by one",
        "A message of the inbox cannot be read",
    ]
    for line in found:
        assert line["level"] == "error"
        assert "Traceback" in line["error"]
    live.rows("DELETE FROM events_inboxitem RETURNING id")


@pytest.mark.timeout(300)
def test_what_a_worker_says_names_job_and_task(live: Live) -> None:
    live.manage("shell", "--no-imports", "-c", LOST_TASK)

    def failed() -> list[dict[str, Any]]:
        return [line for line in lines(live, "worker") if line["level"] == "error" and line.get("task_id")]

    wait_for(lambda: failed() != [], "the job to fail")
    [found] = failed()
    assert found["task_id"] == TASK
    assert len(found["job_id"]) == 36
    assert "ValueError" in json.dumps(found)
    live.manage("shell", "--no-imports", "-c", FORGET_FAILED)


@pytest.mark.timeout(300)
def test_the_web_server_speaks_json_too(live: Live) -> None:
    """That a process of it was killed is told by the server itself."""
    before = children(live.web.pid)

    os.kill(before[0], signal.SIGKILL)

    wait_for(lambda: any(line["logger"] == "_granian" for line in lines(live, "web")), "the server to tell")
    wait_for(lambda: len(set(children(live.web.pid)) - set(before)) == 1, "the next process")
    wait_for(live._is_ready, "the web server")


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
