"""Which folder of a mailbox is read, for what, and what becomes of its mails."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.core.typed_settings import Problem, choice, duration, number, text, texts
from apps.inbound.mails import headers
from apps.inbound.mails.mail_events import MODES
from apps.inbound.starts import start_field

WAITS: Final = {"idle": "As soon as it comes (IDLE)", "poll": "When we look"}
AFTERWARDS: Final = {
    "leave": "Stay as they are",
    "seen": "Are marked as read",
    "move": "Are moved to a folder",
    "delete": "Are deleted",
}
MEGABYTE: Final = 1_000_000


def _check_senders(said: tuple[str, ...]) -> None:
    for each in said:
        local, at, domain = each.partition("@")
        if not at or not headers.address(f"{local or 'x'}@{domain}"):
            raise ValueError(f"{each} is no e-mail address, nor a domain such as @shop.example.")


@dataclass(frozen=True, kw_only=True)
class FolderSettings:
    """What is read of a mailbox, and how."""

    folder: str = text("Folder", help="As the server calls it: INBOX, or INBOX/Bounces.", default="INBOX")
    mode: str = choice("In it are", MODES, default="received")
    start: str = start_field()
    wait: str = choice("A mail is noticed", WAITS, default="idle")
    poll: timedelta = duration(
        "We look every",
        help="Also where the server does not tell of new mails by itself.",
        least=timedelta(seconds=1),
        most=timedelta(days=1),
        default=timedelta(minutes=1),
    )
    afterwards: str = choice("Once they are stored, mails", AFTERWARDS, default="leave")
    move_to: str = text("Move them to", help="A folder that there is.", when=("afterwards", "move"))
    senders: tuple[str, ...] = texts(
        "Only mails from",
        help="ben@shop.example, @shop.example. A mail may lie about its sender. Empty: all.",
        default=(),
        check=_check_senders,
    )
    max_size: int = number(
        "Largest mail", help="In megabytes. Of larger ones, only the headers are read.", least=1, most=50, default=10
    )
    headers: tuple[str, ...] = texts(
        "Further headers", help="That mappings use, as message@headers.x-campaign.", max_items=30, default=()
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse a circle."""
        if self.afterwards == "move" and self.move_to == self.folder:
            yield Problem("move_to", "They are there already.")

    @property
    def max_bytes(self) -> int:
        """How large a mail may be."""
        return self.max_size * MEGABYTE
