"""A folder of a mailbox, opened: what is in it, and what is done with its mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.bridges import imap_session
from apps.bridges.connection_kind import Failure, Part
from apps.bridges.imap_session import ImapServer, NotWritable, Refused, Session
from apps.inbound.mails.settings import FolderSettings

MAX_HEAD: Final = 262_144  # bytes of headers that are read of a mail that is too large
AT_ONCE: Final = 2_000_000  # bytes of mails in one answer
BYTES_A_SEC: Final = 50_000  # that a slow line carries
N_CHANGED: Final = 200  # mails that are moved or deleted by one command
N_SHOWN: Final = 10  # folders, where the one that is named is missing
N_LOOKS: Final = 3  # in a row, where mails come while we look
_BODY: Final = "BODY.PEEK[]"
_HEAD: Final = f"BODY.PEEK[HEADER]<0.{MAX_HEAD}>"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as the server gave it."""

    uid: int
    size: int
    at: datetime | None  # when it came
    raw: bytes
    is_whole: bool


class Folder:
    """A folder that was selected in a session."""

    def __init__(self, session: Session, settings: FolderSettings, *, may_write: bool) -> None:
        self.session = session
        self.settings = settings
        said = self._selected(is_read_only=not may_write)
        self.uidvalidity = int(said.get(b"UIDVALIDITY", 0))
        self.n_mails = int(said.get(b"EXISTS", 0))
        self._uidnext = said.get(b"UIDNEXT")

    def has_idle(self) -> bool:
        """Tell whether the server tells of new mails by itself."""
        with self.session.asking():
            return bool(self.session.has_capability("IDLE"))

    def can_expunge(self) -> bool:
        """Tell whether single mails can be deleted, or moved."""
        with self.session.asking():
            needed = ["UIDPLUS", *(["MOVE"] if self.settings.afterwards == "move" else [])]
            return any(self.session.has_capability(name) for name in needed)

    def newest_uid(self) -> int:
        """Return the last UID that was given when the folder was opened."""
        if self._uidnext is not None:
            return int(self._uidnext) - 1
        return max(self.uids_above(0), default=0)

    def uids_above(self, uid: int) -> list[int]:
        """Return the UIDs of the mails above one, in order."""
        found: list[int] = []
        with self.session.asking():
            for _ in range(N_LOOKS):
                self.session.has_news()
                found = self.session.search(["UID", f"{uid + 1}:*"])
                found = sorted(each for each in found if each > uid)  # 9:* is 8, where that is the last one
                if found or not self.session.has_news():
                    break
        return found

    def uids_since(self, at: datetime) -> list[int]:
        """Return the UIDs of mails that came on a day, by some zone, or later."""
        with self.session.asking():
            return sorted(self.session.search(["SINCE", at.date()]))

    def times(self, uids: Sequence[int]) -> dict[int, datetime]:
        """Return when mails came."""
        with self.session.asking():
            found = self.session.fetch(uids, ["INTERNALDATE"])
        return {uid: said[b"INTERNALDATE"] for uid, said in found.items() if said.get(b"INTERNALDATE")}

    def last_uids(self, n: int) -> list[int]:
        """Return the UIDs of the newest mails."""
        if not self.n_mails:
            return []
        with self.session.asking():
            self.session.use_uid = False
            try:
                found = self.session.fetch(range(max(1, self.n_mails - n + 1), self.n_mails + 1), ["UID"])
            finally:
                self.session.use_uid = True
        return sorted(said[b"UID"] for said in found.values() if b"UID" in said)

    def ask_nothing(self) -> None:
        """Say that we are still here."""
        with self.session.asking():
            self.session.noop()

    def fetched(self, uids: Sequence[int]) -> tuple[list[Fetched], int]:
        """Read the first of some mails, as many as fit and one at least, and tell how many were looked for.

        Those that are gone are left out.
        """
        with self.session.asking():
            about = self.session.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        sizes = {uid: int(about[uid].get(b"RFC822.SIZE", 0)) for uid in uids if uid in about}
        whole: list[int] = []
        heads: list[int] = []
        n_bytes = n_looked = 0
        for uid in uids:
            is_whole = sizes.get(uid, 0) <= self.settings.max_bytes
            n_bytes += sizes.get(uid, 0) if is_whole else MAX_HEAD
            if n_bytes > AT_ONCE and n_looked:
                break
            n_looked += 1
            (whole if is_whole else heads).append(uid)
        raw = {**self._raw(whole, _BODY, n_bytes), **self._raw(heads, _HEAD, n_bytes)}
        found = [
            Fetched(uid, sizes[uid], about[uid].get(b"INTERNALDATE"), raw[uid], is_whole=uid not in heads)
            for uid in uids[:n_looked]
            if uid in raw and uid in sizes
        ]
        return found, n_looked

    def settle(self, uids: Sequence[int]) -> None:
        """Do with mails what is to be done once they are stored; those that are gone change nothing."""
        for at in range(0, len(uids), N_CHANGED):
            try:
                with self.session.asking():
                    self._settle(uids[at : at + N_CHANGED])
            except Refused as refused:
                if self.settings.afterwards == "move" and not self.has_folder(self.settings.move_to):
                    raise _no_folder(self.session, self.settings.move_to) from None
                told = f"The mails of {self.settings.folder} cannot be changed: it said {refused.said}"
                raise Failure(Part.RIGHT, told) from None

    def has_folder(self, name: str) -> bool:
        """Tell whether there is a folder."""
        return name in names(self.session)

    def _settle(self, uids: Sequence[int]) -> None:
        session, afterwards = self.session, self.settings.afterwards
        if afterwards == "seen":
            session.add_flags(uids, [rb"\Seen"], silent=True)
        elif afterwards == "move" and session.has_capability("MOVE"):
            session.move(uids, self.settings.move_to)
        elif afterwards in ("move", "delete"):
            if afterwards == "move":
                session.copy(uids, self.settings.move_to)
            session.add_flags(uids, [rb"\Deleted"], silent=True)
            # Without UIDPLUS others' mails would go, too: so ours go with the next who cleans up.
            if session.has_capability("UIDPLUS"):
                session.uid_expunge(uids)

    def _raw(self, uids: Sequence[int], what: str, n_bytes: int) -> dict[int, bytes]:
        if not uids:
            return {}
        self.session.secs, secs = self.session.secs + n_bytes / BYTES_A_SEC, self.session.secs
        try:
            with self.session.asking(most=2 * self.settings.max_bytes):
                found = self.session.fetch(uids, [what])
        finally:
            self.session.secs = secs
        name = b"BODY[]" if what == _BODY else b"BODY[HEADER]<0>"
        return {uid: said[name] for uid, said in found.items() if isinstance(said.get(name), bytes)}

    def _selected(self, *, is_read_only: bool) -> dict[bytes, Any]:
        name = self.settings.folder
        try:
            with self.session.asking():
                said: dict[bytes, Any] = self.session.select_folder(name, readonly=is_read_only)
        except NotWritable:
            raise Failure(Part.RIGHT, f"The folder {name} may be read, and not changed.") from None
        except Refused as refused:
            if "[NOPERM]" not in refused.said and name not in names(self.session):
                raise _no_folder(self.session, name) from None
            raise Failure(Part.RIGHT, f"The folder {name} may not be read: it said {refused.said}") from None
        return said


def names(session: Session) -> list[str]:
    """List the folders that hold mails. Raises Failure."""
    with session.asking():
        found = session.list_folders()
    closed = {b"\\noselect", b"\\nonexistent"}
    return sorted(name for flags, _, name in found if not closed & {flag.lower() for flag in flags})


def opened(connection: ImapServer, settings: FolderSettings, *, secs: float, may_write: bool) -> Folder:
    """Sign in, and open the folder. Raises Failure."""
    session = imap_session.opened(connection, secs=secs)
    try:
        return Folder(session, settings, may_write=may_write)
    except BaseException:
        session.leave()
        raise


def _no_folder(session: Session, name: str) -> Failure:
    there = names(session)
    more = ", …" if len(there) > N_SHOWN else ""
    return Failure(Part.PLACE, f"There is no folder {name}. There are {', '.join(there[:N_SHOWN])}{more}.")
