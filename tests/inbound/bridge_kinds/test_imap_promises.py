"""What bridges from a mailbox promise, with the real processes and a real Dovecot."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from tests.inbound.promises import READ_SECS, Bridged, bridged
from tests.laws import IS_NIGHTLY
from tests.live import wait_for
from tests.systems.dovecot import PASSWORD, Dovecot, dovecot_server

pytestmark = pytest.mark.xdist_group("imap")
MAILS = 500 if IS_NIGHTLY else 120
NAMES = ("reader-1", "reader-2")
HAPPENINGS = [NAMES[0], "restart", NAMES[1], "renumber"]
MOVED = ({"afterwards": "move", "move_to": "Done"}, [NAMES[0], "restart", NAMES[1]])
MAPPING = {
    "shape": "raw",
    "event_type": "message@headers.x-type",
    "properties": {"n": "message@body.subject"},
    "is_profileless": True,
}


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot_server() as running:
        yield running


def numbered(n: int) -> bytes:
    kind = "" if n < 0 else "X-Type: numbered\r\n"  # without a type it is no event
    return f"From: ben@shop.example\r\nSubject: {n}\r\nMessage-ID: <{n}@shop.example>\r\n{kind}\r\nHello\r\n".encode()


def disturb(platform: Bridged, server: Dovecot, happening: str) -> None:
    if happening in NAMES:
        platform.kill(happening)
        platform.start(happening)
    else:
        getattr(server, happening)()


def put(server: Dovecot, numbers: Sequence[int]) -> None:
    server.put([numbered(n) for n in numbers])


@pytest.mark.parametrize(
    ("afterwards", "happenings"),
    [
        ({}, [*HAPPENINGS, "restart", *HAPPENINGS] if IS_NIGHTLY else HAPPENINGS),
        *([MOVED] if IS_NIGHTLY else []),
    ],
)
def test_each_mail_arrives_once_whoever_dies_and_however_they_are_numbered(
    server: Dovecot, afterwards: dict[str, str], happenings: list[str]
) -> None:
    server.clean()
    server.put([], folder="Done")
    connection = {"host": "127.0.0.1", "port": server.port, "security": "none", "user": "anna", "password": PASSWORD}
    connection["time_out"] = "5 seconds"
    settings = {"headers": ["X-Type"], **afterwards}
    n_mails = MAILS if not afterwards else MAILS // 5
    with bridged("imap", connection=connection, settings=settings, mapping=MAPPING) as platform:
        for name in NAMES:
            platform.start(name)
        wait_for(platform.is_reading, "a reader", timeout_secs=READ_SECS)
        n_parts = len(happenings) + 1
        for part, happening in enumerate([*happenings, ""]):
            begin, end = part * n_mails // n_parts, (part + 1) * n_mails // n_parts
            put(server, [*range(begin, end), -part - 1])
            if happening:
                wait_for(lambda n=begin: platform.n_taken() >= n, "some mails", timeout_secs=READ_SECS)  # type: ignore[misc]
                disturb(platform, server, happening)
        wait_for(lambda: platform.n_events() >= n_mails, "all mails", timeout_secs=READ_SECS)
        wait_for(lambda: len(platform.dead()) >= n_parts, "dead letters", timeout_secs=READ_SECS)
        platform.live.wait_until_drained()

        assert Counter(platform.numbers()) == Counter(range(n_mails))
        assert [int(json.loads(body)["subject"]) for body in platform.dead()] == [-1 - part for part in range(n_parts)]
        if afterwards:
            wait_for(lambda: n_in(server, "INBOX") == 0, "moved mails", timeout_secs=READ_SECS)
            assert n_in(server, "Done") == n_mails + n_parts


def n_in(server: Dovecot, folder: str) -> int:
    with server.mailbox() as client:
        return int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])
