"""IMAP: the mails of a folder, as events: what people write and answer, what came back, who wants no more."""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from apps.bridges import imap_session
from apps.bridges.connection_kind import TEST_SECS, Failure, Part, Report
from apps.bridges.kinds.imap import ImapSettings
from apps.inbound.bridge_kind import BridgeKind, Context, Seek, To, anywhere, register
from apps.inbound.mails import folder_reader, mail_folder, mail_messages
from apps.inbound.mails.mail_folder import Folder
from apps.inbound.mails.marks import Mark
from apps.inbound.mails.settings import FolderSettings
from apps.inbound.received import Received


def reads(settings: FolderSettings) -> str:
    """Say which folder it is."""
    return f"folder {settings.folder}"


def peek(connection: ImapSettings, settings: FolderSettings, n: int) -> Sequence[Received]:
    """Read the newest mails, and leave them as they are."""
    opened = mail_folder.opened(connection, settings, secs=_secs(connection), may_write=False)
    try:
        mark = folder_reader.beginning(opened)
        found, left = [], opened.last_uids(n)
        while left:
            fetched, n_looked = opened.fetched(left)
            found += [received for each in fetched for received in mail_messages.received(each, settings, mark)]
            left = left[n_looked:]
        return found[-n:]
    finally:
        opened.session.leave()


def places(connection: ImapSettings) -> Sequence[str]:
    """List the folders that hold mails."""
    session = imap_session.opened(connection, secs=_secs(connection))
    try:
        return mail_folder.names(session)
    finally:
        session.leave()


def look(connection: ImapSettings, settings: FolderSettings, report: Report) -> None:
    """Note whether the folder is there and may be read, and changed where mails are to be."""
    changes = settings.afterwards != "leave"
    opened = mail_folder.opened(connection, settings, secs=_secs(connection), may_write=changes)
    try:
        report.well(Part.RIGHT, f"The folder may be read{', and changed' if changes else ''}.")
        report.well(Part.PLACE, f"There is a folder {settings.folder}. Mails in it: {opened.n_mails}.")
        if settings.afterwards == "move" and not opened.has_folder(settings.move_to):
            report.failed(Part.PLACE, f"There is no folder {settings.move_to}, to which mails are to be moved.")
        if settings.wait == "idle" and not opened.has_idle():
            report.doubt(Part.RIGHT, "The server does not tell of new mails by itself (IDLE): we look now and then.")
        if settings.afterwards in ("move", "delete") and not opened.can_expunge():
            told = "The server deletes no single mails (UIDPLUS): they are marked as deleted, and stay until clean-up."
            report.doubt(Part.RIGHT, told)
    finally:
        opened.session.leave()


def seek(connection: ImapSettings, settings: FolderSettings, seek: Seek, _context: Context) -> Mapping[str, Any]:
    """Return the mark from which to read on."""
    opened = mail_folder.opened(connection, settings, secs=_secs(connection), may_write=False)
    try:
        return {settings.folder: _mark(opened, seek).as_json()}
    finally:
        opened.session.leave()


def _mark(opened: Folder, seek: Seek) -> Mark:
    if seek.to is To.BEGINNING:
        return folder_reader.beginning(opened)
    if seek.to is To.POSITION:
        if not seek.position.strip().isdecimal():
            raise Failure(Part.PLACE, f"A position is a UID, which is a whole number: {seek.position} is none.")
        return Mark(opened.uidvalidity, max(0, int(seek.position) - 1))
    if seek.to is To.TIME and seek.at:
        at = seek.at.astimezone(UTC)
        times = opened.times(opened.uids_since(at - timedelta(days=1)))  # of a day in whatever zone
        later = [uid for uid, came_at in times.items() if came_at >= at]
        uid = min(later) - 1 if later else opened.newest_uid()
        return Mark(opened.uidvalidity, uid, since=at)
    return folder_reader.end(opened)


def _secs(connection: ImapSettings) -> float:
    return min(connection.secs, TEST_SECS)


register(
    "imap",
    BridgeKind(
        title="IMAP",
        about="The mails of a folder: what people write and answer, what came back, who wants to get no more.",
        icon="inbox",
        order=60,
        connection_kind="imap",
        settings=FolderSettings,
        reads=reads,
        open=folder_reader.open_reader,
        peek=peek,
        places=places,
        look=look,
        is_shared=lambda _settings: False,
        place="folder",
        known=mail_messages.KNOWN,
        seeks=anywhere,
        seek=seek,
        position_hint="a UID, 512",
        position_pattern=r"\d+",
        mapping={"shape": "raw", "event_type": "message@event"},
    ),
)
