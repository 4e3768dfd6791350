"""Reads a folder, mail after mail, and waits for the next: told by the server (IDLE), or by looking now and then."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from apps.bridges.kinds.imap import ImapSettings
from apps.inbound.bridge_kind import Context
from apps.inbound.mails import mail_folder, mail_messages, marks
from apps.inbound.mails.mail_folder import Fetched, Folder
from apps.inbound.mails.marks import Mark
from apps.inbound.mails.settings import FolderSettings
from apps.inbound.received import Lag, Received
from apps.inbound.starts import BEGINNING

# Servers may end an IDLE after 30 minutes; and a server that is gone without a word is noticed when the next begins.
IDLE_SECS: Final = 9 * 60.0
KEEP_SECS: Final = 60.0
BEGUN: Final = "Reading begins behind it."
TOO_OLD: Final = "It came before reading began."


class FolderReader:
    """An open folder, as bridges read it."""

    def __init__(self, opened: Folder, mark: Mark, *, first: Sequence[Received] = ()) -> None:
        self._folder = opened
        self._settings = opened.settings
        self._mark = mark
        # What was stored, and perhaps not settled before a stop, is read once more: its key makes that harmless.
        self._at = mark.uid if mark.settled is None else mark.settled  # the last UID that was read
        self._uids: deque[int] = deque()  # that were found, and not read
        self._read = deque(first)  # what was read, and not handed out
        self._has_idle = self._settings.wait == "idle" and opened.has_idle()
        self._idles_since: float | None = None
        self._looks_at = self._asked_at = 0.0

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return the next mails."""
        if not (self._read or self._uids):
            if self._waited(secs):
                self._look()
        elif not limit:
            self._keep_alive()
            time.sleep(secs)
        if limit and self._uids and not self._read:
            self._fetch(limit)
        return [self._read.popleft() for _ in range(min(limit, len(self._read)))]

    def settle(self, batch: Sequence[Received]) -> None:
        """Mark, move or delete what was stored."""
        if self._mark.settled is None:
            return
        uids = [received.handle for received in batch if received.handle is not None]
        if not uids:
            return
        changed = [received.handle for received in batch if received.handle is not None and not received.skipped]
        self._stop_idling()
        self._folder.settle(changed)
        self._mark = replace(self._mark, settled=max(uids))

    def lag(self) -> Lag:
        """Tell how many mails were found and not read, and when the oldest of them came."""
        n_waiting = len(self._uids) + len(self._read)
        if not self._uids:
            return Lag(n_waiting)
        self._stop_idling()
        return Lag(n_waiting, self._folder.times([self._uids[0]]).get(self._uids[0]))

    def close(self) -> None:
        """Leave."""
        self._folder.session.leave()

    def _look(self) -> None:
        self._stop_idling()
        self._uids.extend(self._folder.uids_above(self._at))
        self._asked_at = time.monotonic()
        self._looks_at = self._asked_at + self._settings.poll.total_seconds()

    def _fetch(self, limit: int) -> None:
        self._stop_idling()
        uids = [self._uids[at] for at in range(min(limit, len(self._uids)))]
        found, n_looked = self._folder.fetched(uids)
        for fetched in found:
            self._read.extend(self._received(fetched))
        for _ in range(n_looked):
            self._at = self._uids.popleft()
        self._mark = self._mark.at(self._at)

    def _received(self, fetched: Fetched) -> list[Received]:
        if self._mark.leaves_out(fetched.uid, fetched.at):
            position = self._mark.at(fetched.uid).as_json()
            return [Received(b"", skipped=TOO_OLD, place=self._settings.folder, position=position, handle=fetched.uid)]
        return list(mail_messages.received(fetched, self._settings, self._mark))

    def _waited(self, secs: float) -> bool:
        """Wait for a reason to look, at most so long."""
        if not self._looks_at:
            return True
        listening = self._folder.session.listening
        if self._has_idle:
            if self._idles_since is None:
                self._folder.session.begin_idle()
                self._idles_since = time.monotonic()
            return listening.has_said(secs) or time.monotonic() - self._idles_since >= IDLE_SECS
        self._keep_alive()
        is_told = listening.has_said(min(secs, self._looks_at - time.monotonic()))
        return is_told or time.monotonic() >= self._looks_at

    def _keep_alive(self) -> None:
        """Say something now and then: servers close what is silent for long."""
        if self._idles_since is None and time.monotonic() - self._asked_at >= KEEP_SECS:
            self._folder.ask_nothing()
            self._asked_at = time.monotonic()

    def _stop_idling(self) -> None:
        if self._idles_since is not None:
            self._idles_since = None
            self._folder.session.end_idle()


def open_reader(connection: ImapSettings, settings: FolderSettings, context: Context) -> FolderReader:
    """Sign in, open the folder, and find where to go on. Raises Failure."""
    settles = settings.afterwards != "leave"
    opened = mail_folder.opened(connection, settings, secs=connection.secs, may_write=settles)
    try:
        stored = context.positions().get(settings.folder)
        mark = marks.read(stored, uidvalidity=opened.uidvalidity, newest=opened.newest_uid())
        first = []
        if mark is None and settings.start == BEGINNING:
            mark = beginning(opened)
        elif mark is None:
            mark = end(opened)
            # It is stored before the first mail comes: what comes while nobody reads is read all the same.
            first = [Received(b"", skipped=BEGUN, place=settings.folder, position=mark.as_json())]
        return FolderReader(opened, replace(mark, settled=_settled(mark) if settles else None), first=first)
    except BaseException:
        opened.session.leave()
        raise


def _settled(mark: Mark) -> int:
    return mark.uid if mark.settled is None else mark.settled


def beginning(opened: Folder) -> Mark:
    """Return the mark before all mails."""
    return Mark(opened.uidvalidity, 0)


def end(opened: Folder) -> Mark:
    """Return the mark behind all mails that there are now."""
    newest = opened.newest_uid()
    [last] = opened.last_uids(1) or [0]
    return Mark(opened.uidvalidity, newest, since=opened.times([last]).get(last) if last else None)
