"""The disk of the events is full for a while: nothing that was accepted is lost, set aside, or stored twice."""

import json
import random
import shutil
import string
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest

from cdp import system_user
from tests.factories import CHROME
from tests.live import Live, live_platform, wait_for

pytestmark = [pytest.mark.timeout(300)]
SIZE_MB = 4
PADDING = "".join(random.Random(1).choices(string.ascii_letters, k=1_500))  # PostgreSQL packs what repeats itself
MONTHS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events_event'::regclass"

Dialect = Callable[[dict[str, Any], str], tuple[str, dict[str, Any]]]


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own, of a few megabytes."""
    folder = Path(tempfile.mkdtemp(prefix="cdp-disk-"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        folder.rmdir()
        pytest.skip(f"mounts no file system, as only root may: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def test_what_was_accepted_while_the_disk_was_full_is_stored_once_there_is_room(small_disk: Path) -> None:
    with live_platform(durable=True) as live:
        source = live.source("Busy shop")
        put_events_on(live, small_disk)
        filler = small_disk / "filler"
        fill(filler)

        accepted: set[str] = set()
        answers: list[int] = []
        for number in range(40):
            answers.append(send(live, accepted, track, source, f"track-{number}"))
            assert send(live, accepted, batch, source, f"batch-{number}") == 200
        assert set(answers) <= {200, 503}
        assert answers[-1] == 503
        wait_for(lambda: "away" in live.log("ingest").read_text(), "ingest to meet the full disk")
        assert live.rows("SELECT error FROM events_inboxitem WHERE dead_at IS NOT NULL") == []

        filler.unlink()
        live.wait_until_drained()
        assert send(live, accepted, track, source, "track-0") == 200
        assert send(live, accepted, track, source, "track-afterwards") == 200

        stored = [event["message_id"] for event in live.events(source)]
        assert sorted(stored) == sorted(accepted)


def put_events_on(live: Live, disk: Path) -> None:
    """Let PostgreSQL keep the events of all months there."""
    space = disk / "events"
    space.mkdir(mode=0o700)
    if system_user.system_user():
        disk.chmod(0o755)
        shutil.chown(space, system_user.NAME)
    with psycopg.connect(live.database_url, autocommit=True) as database:
        database.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
        for (month,) in database.execute(MONTHS).fetchall():
            database.execute(f"ALTER TABLE {month} SET TABLESPACE small")


def fill(path: Path) -> None:
    """Write until there is no more room."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def track(source: dict[str, Any], message_id: str) -> tuple[str, dict[str, Any]]:
    event = {"type": "page-view", "id": message_id, "properties": {"page": PADDING}}
    return "/track", {"source": {"id": source["write_key"]}, "session": {"id": "s"}, "events": [event]}


def batch(source: dict[str, Any], message_id: str) -> tuple[str, dict[str, Any]]:
    message = {"type": "track", "event": "Looked", "anonymousId": "a", "messageId": message_id}
    return "/v1/batch", {"writeKey": source["write_key"], "batch": [{**message, "properties": {"page": PADDING}}]}


def send(live: Live, accepted: set[str], dialect: Dialect, source: dict[str, Any], message_id: str) -> int:
    """Send one event, note that it was accepted, and return the status."""
    path, body = dialect(source, message_id)
    headers = {"Content-Type": "application/json", "User-Agent": CHROME}
    try:
        with urlopen(Request(f"{live.address}{path}", json.dumps(body).encode(), headers), timeout=30) as answer:
            accepted.add(message_id)
            return int(answer.status)
    except HTTPError as error:
        return error.code
