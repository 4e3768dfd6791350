"""By what a mail is known again, however it comes: in another folder, after the server was moved, at another UID.

UIDs are no names of mails: a server gives new ones whenever it begins anew (UIDVALIDITY), and all mails are read once
more then. What stays is what the sender wrote. The id of a message alone does not do: broken programs write the same
into every mail, and what is sent on by hand (Resent-) keeps it. So the date, the sender and the subject count, too.
What has no id is known by all that it says.
"""

import hashlib
from typing import Final

from apps.inbound.mails import headers
from apps.inbound.mails.mail_reading import Mail

_OF_SENDER: Final = ("Message-ID", "Date", "From", "Subject", "Resent-Message-ID", "Resent-Date")


def key_of(mail: Mail, *, mode: str, size: int, name: str = "") -> str:
    """Return the key of what is read of a mail in a mode; `name` tells several of one mail apart."""
    told = [headers.raw(mail.message, each) for each in _OF_SENDER]
    said = "\0".join([mode, name, *told]).encode("utf-8", "surrogateescape")
    if not told[0]:
        said += b"\0%d\0" % size + mail.raw
    return f"mail-{hashlib.blake2b(said, digest_size=20).hexdigest()}"


def key_of_bytes(raw: bytes, *, mode: str) -> str:
    """Return the key of a mail of which nothing but its bytes can be told."""
    return f"mail-{hashlib.blake2b(mode.encode() + raw, digest_size=20).hexdigest()}"
