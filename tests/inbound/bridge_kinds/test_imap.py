"""Bridges from a mailbox, with a real Dovecot: which mails come, how often, and what becomes of them there."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest

from apps.bridges.connection_kind import Part, Report
from apps.bridges.kinds.imap import ImapSettings
from apps.core.typed_settings import SettingsError, read
from apps.inbound.bridge_kind import Context, Reader, Seek, To, kinds
from apps.inbound.mails import folder_reader
from apps.inbound.mails.settings import FolderSettings
from apps.inbound.received import Failure, Lag, Received
from tests.live import wait_for
from tests.systems.dovecot import PASSWORD, Dovecot, dovecot_server

pytestmark = pytest.mark.xdist_group("imap")
KIND = kinds["imap"]


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot_server() as running:
        yield running


@pytest.fixture(autouse=True)
def clean(server: Dovecot, settings: Any) -> None:
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    server.clean()


def connection(server: Dovecot, **more: Any) -> ImapSettings:
    usual = {"host": "127.0.0.1", "port": server.port, "security": "none", "user": "anna", "password": PASSWORD}
    return read(ImapSettings, {**usual, "time_out": "15 seconds", **more})


def mail(n: int, *lines: str, text: str = "Hello", sender: str = "Ben <ben@shop.example>") -> bytes:
    usual = [f"From: {sender}", f"Subject: Mail {n}", f"Message-ID: <{n}@shop.example>"]
    return "\r\n".join([*usual, *lines, "", text, ""]).encode()


class Bridge:
    """Reads as the core does: what it has returned is stored once, with how far it is, and then settled."""

    def __init__(self, server: Dovecot, **document: Any) -> None:
        self.server = server
        self.settings = read(FolderSettings, document)
        self.positions: dict[str, Any] = {}
        self.keys: set[str] = set()
        self.reader: Reader | None = None
        self.time_out = "15 seconds"

    @property
    def context(self) -> Context:
        return Context(UUID(int=1), "here-1", lambda: json.loads(json.dumps(self.positions)))

    def open(self) -> Reader:
        if self.reader is None:
            self.reader = KIND.open(connection(self.server, time_out=self.time_out), self.settings, self.context)
        return self.reader

    def close(self) -> None:
        if self.reader:
            self.reader.close()
        self.reader = None

    def batch(self, limit: int = 500, *, secs: float = 0.0, settles: bool = True) -> list[Received]:
        """Read a batch, and store it."""
        found = self.open().read(limit, secs=secs)
        self.positions.update({each.place: each.position for each in found})
        if settles:
            self.open().settle(found)
        return list(found)

    def all(self, limit: int = 500) -> list[Received]:
        """Read all that there is and is none of those that are passed over."""
        found: list[Received] = []
        self.open()._looks_at = 0.0  # type: ignore[attr-defined]  # as if it were time to look again
        while batch := self.batch(limit):
            found += batch
        return [each for each in found if not each.skipped]

    def new(self, limit: int = 500) -> list[str]:
        """Read the subjects of what is there and not stored yet."""
        fresh = [each for each in self.all(limit) if each.key not in self.keys]
        self.keys |= {each.key for each in fresh}
        return [json.loads(each.body)["subject"] for each in fresh]


@pytest.fixture
def bridges(server: Dovecot) -> Iterator[Any]:
    """Make bridges that are closed in the end."""
    made: list[Bridge] = []

    def make(**document: Any) -> Bridge:
        made.append(Bridge(server, **document))
        return made[-1]

    yield make
    for each in made:
        each.close()


def subjects(server: Dovecot, folder: str = "INBOX", *, flag: str = "ALL") -> list[str]:
    with server.mailbox() as client:
        client.select_folder(folder, readonly=True)
        found = client.fetch(client.search([flag]), ["ENVELOPE"])
        return [said[b"ENVELOPE"].subject.decode() for _, said in sorted(found.items())]


def test_mails_come_once_in_their_order_and_stay_as_they_are(server: Dovecot, bridges: Any) -> None:
    server.put([mail(n) for n in range(5)])
    bridge = bridges()

    first = bridge.all(limit=2)
    server.put([mail(5)])

    assert [json.loads(each.body)["subject"] for each in first] == [f"Mail {n}" for n in range(5)]
    assert first[0].about == {
        "event": "mail-received",
        "mode": "received",
        "folder": "INBOX",
        "uid": first[0].about["uid"],
        "uidvalidity": bridge.positions["INBOX"]["uidvalidity"],
        "size": len(mail(0)),
    }
    assert first[0].at is not None
    assert abs(first[0].at - datetime.now(UTC)) < timedelta(minutes=1)
    assert first[0].headers == {"message-id": "<0@shop.example>", "subject": "Mail 0"}
    bridge.close()
    assert [json.loads(each.body)["subject"] for each in bridge.all()] == ["Mail 5"]
    assert subjects(server, flag="SEEN") == []


def test_a_new_mail_is_told_of_while_we_wait(server: Dovecot, bridges: Any) -> None:
    bridge = bridges()
    bridge.all()
    began_at = time.monotonic()

    assert bridge.batch(secs=0.2) == []
    assert time.monotonic() - began_at > 0.15
    server.put([mail(1)])
    [found] = bridge.batch(secs=50)  # before it is time to look

    assert json.loads(found.body)["subject"] == "Mail 1"
    assert time.monotonic() - began_at < 50


def test_an_idle_is_begun_anew_before_servers_end_it(
    server: Dovecot, bridges: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder_reader.IDLE_SECS < 29 * 60
    monkeypatch.setattr(folder_reader, "IDLE_SECS", 0.0)
    bridge = bridges()
    bridge.all()

    for n in range(3):
        bridge.batch(secs=0.01)
        server.put([mail(n)])
        wait_for(lambda n=n: f"Mail {n}" in bridge.new(), "the mail")  # type: ignore[misc]


def test_where_nobody_tells_we_look_now_and_then(
    server: Dovecot, bridges: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_reader.Folder, "has_idle", lambda _folder: False)
    bridge = bridges(poll="1 hour")
    bridge.all()
    server.put([mail(1)])

    assert bridge.batch(secs=0.05) == []
    bridge.reader._looks_at = time.monotonic() + 0.2
    [found] = bridge.batch(secs=60)

    assert json.loads(found.body)["subject"] == "Mail 1"
    assert bridge.reader._looks_at > time.monotonic() + 3_000


@pytest.mark.parametrize(
    ("afterwards", "left", "seen", "moved"),
    [
        ({"afterwards": "seen"}, ["Mail 0", "Mail 1"], ["Mail 0", "Mail 1"], []),
        ({"afterwards": "move", "move_to": "Done"}, [], [], ["Mail 0", "Mail 1"]),
        ({"afterwards": "delete"}, [], [], []),
    ],
)
def test_what_is_stored_is_marked_moved_or_deleted_once(
    server: Dovecot, bridges: Any, afterwards: dict[str, Any], left: list[str], seen: list[str], moved: list[str]
) -> None:
    server.put([], folder="Done")
    server.put([mail(0), mail(1)])
    bridge = bridges(**afterwards)

    batch = bridge.batch()
    bridge.open().settle(batch)  # once more

    assert subjects(server) == left
    assert subjects(server, flag="SEEN") == seen
    assert subjects(server, "Done") == moved


def test_what_was_stored_and_not_settled_before_a_crash_is_settled_by_who_goes_on(
    server: Dovecot, bridges: Any
) -> None:
    server.put([], folder="Done")
    server.put([mail(n) for n in range(6)])
    bridge = bridges(afterwards="move", move_to="Done")
    keys = {each.key for each in bridge.batch(2)}
    crashed = bridge.batch(2, settles=False)
    bridge.close()

    assert subjects(server, "Done") == ["Mail 0", "Mail 1"]
    again = bridge.all()

    assert subjects(server, "Done") == [f"Mail {n}" for n in range(6)]
    assert [each.key for each in again][:2] == [each.key for each in crashed]
    assert len(keys | {each.key for each in again}) == 6


def test_who_begins_with_what_is_new_misses_nothing_that_comes_while_nobody_reads(
    server: Dovecot, bridges: Any
) -> None:
    server.put([mail(0)])
    bridge = bridges(start="new")

    assert bridge.new() == []
    bridge.close()
    server.put([mail(1)])

    assert bridge.new() == ["Mail 1"]


@pytest.mark.parametrize("start", ["beginning", "new"])
def test_uids_that_are_numbered_anew_bring_nothing_twice_and_lose_nothing(
    server: Dovecot, bridges: Any, start: str
) -> None:
    server.put([mail(n) for n in range(3)], at=datetime.now(UTC) - timedelta(hours=1))
    server.put([mail(3)], at=datetime.now(UTC) - timedelta(minutes=1))
    bridge = bridges(start=start)
    before = bridge.new()
    server.put([mail(n) for n in range(4, 6)])
    before += bridge.new()
    uidvalidity = bridge.positions["INBOX"]["uidvalidity"]
    bridge.close()
    server.put([mail(6)])

    server.renumber()

    # What came in the very second of the beginning is rather brought than lost.
    assert bridge.new() == (["Mail 6"] if start == "beginning" else ["Mail 3", "Mail 6"])
    assert bridge.positions["INBOX"]["uidvalidity"] != uidvalidity
    server.put([mail(7)])
    assert bridge.new() == ["Mail 7"]
    assert before == [f"Mail {n}" for n in range(0 if start == "beginning" else 4, 6)]


def test_a_folder_of_hundreds_is_read_in_batches_and_lag_tells_what_is_left(server: Dovecot, bridges: Any) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    server.put([mail(n, text="x" * 10_000) for n in range(60)], at=at)
    bridge = bridges()

    first = bridge.batch(25)

    assert len(first) == 25
    assert bridge.open().lag() == Lag(35, at)
    assert len({each.key for each in [*first, *bridge.all()]}) == 60
    assert bridge.open().lag().n_waiting == 0


def test_nothing_is_taken_while_the_inbox_is_full(server: Dovecot, bridges: Any) -> None:
    bridge = bridges()
    server.put([mail(n) for n in range(3)])

    assert bridge.batch(0, secs=0.05) == []
    assert bridge.batch(0, secs=0.05) == []
    assert bridge.open().lag().n_waiting == 3
    assert bridge.new() == ["Mail 0", "Mail 1", "Mail 2"]


def test_in_a_folder_of_bounces_other_mails_are_passed_over(server: Dovecot, bridges: Any) -> None:
    bounce = mail(1, "X-Failed-Recipients: a@b.example, c@d.example", sender="MAILER-DAEMON@mx.example")
    server.put([mail(0), bounce, mail(2)])
    bridge = bridges(mode="bounce", afterwards="delete")

    batch = bridge.batch()

    assert [each.skipped for each in batch] == ["It is no bounce.", "", "", "It is no bounce."]
    assert [json.loads(each.body)["email"] for each in batch if each.body] == ["a@b.example", "c@d.example"]
    assert batch[1].about["event"] == "mail-bounced"
    assert subjects(server) == ["Mail 0", "Mail 2"]


@pytest.mark.parametrize("n", [1, 5])
def test_the_newest_are_shown_and_stay_unread(server: Dovecot, bridges: Any, n: int) -> None:
    bridge = bridges(afterwards="seen")
    assert KIND.peek(connection(server), bridge.settings, n) == []
    server.put([mail(each) for each in range(8)])

    found = KIND.peek(connection(server), bridge.settings, n)

    assert [json.loads(each.body)["subject"] for each in found] == [f"Mail {each}" for each in range(8 - n, 8)]
    assert subjects(server, flag="SEEN") == []


def test_folders_are_listed_by_their_names(server: Dovecot) -> None:
    server.put([], folder="Bücher & mehr")
    server.put([], folder="Bounces")

    assert KIND.places(connection(server)) == ["Bounces", "Bücher & mehr", "INBOX"]


def test_a_folder_whose_name_is_no_ascii_is_read(server: Dovecot, bridges: Any) -> None:
    server.put([mail(1)], folder="Bücher & mehr")

    assert bridges(folder="Bücher & mehr").new() == ["Mail 1"]


@pytest.mark.parametrize(
    ("seek", "expected"),
    [
        (Seek(To.BEGINNING), ["Mail 0", "Mail 1", "Mail 2"]),
        (Seek(To.END), []),
        (Seek(To.TIME, at=datetime(2026, 11, 2, tzinfo=UTC)), ["Mail 1", "Mail 2"]),
        (Seek(To.TIME, at=datetime(2026, 11, 2, 12, 1, tzinfo=UTC)), ["Mail 2"]),
        (Seek(To.TIME, at=datetime(2027, 11, 2, tzinfo=UTC)), []),
    ],
)
def test_reading_goes_on_from_elsewhere(server: Dovecot, bridges: Any, seek: Seek, expected: list[str]) -> None:
    for n in range(3):
        server.put([mail(n)], at=datetime(2026, 11, 1 + n, 12, tzinfo=UTC))
    bridge = bridges()
    first = [each.about["uid"] for each in bridge.all()]
    bridge.close()

    bridge.positions.update(KIND.seek(connection(server), bridge.settings, seek, bridge.context))

    assert bridge.new() == expected
    bridge.close()
    position = Seek(To.POSITION, position=str(first[1]))
    bridge.positions.update(KIND.seek(connection(server), bridge.settings, position, bridge.context))
    assert [each.about["uid"] for each in bridge.all()] == first[1:]


def failure(bridge: Bridge) -> tuple[Part, str]:
    with pytest.raises(Failure) as raised:
        bridge.batch(secs=2)
    return raised.value.part, raised.value.told


def test_a_folder_that_is_not_there_is_named(server: Dovecot, bridges: Any) -> None:
    server.put([], folder="Bounces")

    assert failure(bridges(folder="Bounce")) == (Part.PLACE, "There is no folder Bounce. There are Bounces, INBOX.")
    server.put([mail(1)])
    gone = bridges(afterwards="move", move_to="Done")
    assert failure(gone) == (Part.PLACE, "There is no folder Done. There are Bounces, INBOX.")


def test_a_position_that_is_no_uid_is_refused(server: Dovecot, bridges: Any) -> None:
    with pytest.raises(Failure, match="A position is a UID, which is a whole number: 7a is none"):
        KIND.seek(connection(server), bridges().settings, Seek(To.POSITION, position="7a"), bridges().context)


def test_a_folder_that_may_only_be_read_is_not_changed(server: Dovecot, bridges: Any) -> None:
    server.put([mail(1)], folder="Ours")
    with server.acl("anna", "Ours", "lr"):
        assert bridges(folder="Ours").new() == ["Mail 1"]
        part, told = failure(bridges(folder="Ours", afterwards="delete"))
    assert (part, told) == (Part.RIGHT, "The folder Ours may be read, and not changed.")
    with server.acl("anna", "Ours", "l"):
        part, told = failure(bridges(folder="Ours"))
    assert part is Part.RIGHT
    assert told.startswith("The folder Ours may not be read: it said [NOPERM]")


def test_a_look_says_what_is_there_and_what_may_be_done(server: Dovecot, bridges: Any) -> None:
    server.put([mail(1)])
    report = Report()

    KIND.look(connection(server), bridges(afterwards="move", move_to="Done").settings, report)

    assert [(found.part.value, found.state.value, found.told) for found in report.findings] == [
        ("right", "well", "The folder may be read, and changed."),
        ("place", "well", "There is a folder INBOX. Mails in it: 1."),
        ("place", "failed", "There is no folder Done, to which mails are to be moved."),
    ]


def test_a_server_that_dies_or_hangs_is_a_failure_and_then_goes_on(server: Dovecot, bridges: Any) -> None:
    bridge = bridges()
    server.put([mail(1)])
    assert bridge.new() == ["Mail 1"]
    bridge.batch(secs=0.01)

    server.restart()
    assert failure(bridge) == (Part.NETWORK, "127.0.0.1 broke off.")
    bridge.close()
    bridge.time_out = "3 seconds"
    server.put([mail(2)])
    assert bridge.new() == ["Mail 2"]
    with server.hanging():
        bridge.reader._looks_at = 0.0
        assert failure(bridge) == (Part.NETWORK, "127.0.0.1 gives no answer within 3 seconds.")


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"senders": ["shop.example"]}, "senders"),
        ({"afterwards": "move", "move_to": "INBOX"}, "move_to"),
        ({"max_size": 51}, "max_size"),
        ({"poll": "0 seconds"}, "poll"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(FolderSettings, document)

    assert [problem.path for problem in raised.value.problems] == [path]
