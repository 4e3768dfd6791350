"""What somebody answers, without what they answer to; and whether it was a machine that answered."""

import re
from typing import Final

from apps.inbound.mails import headers
from apps.inbound.mails.mail_reading import Mail

_ATTRIBUTION: Final = re.compile(
    # In one line or two: On Monday Ben wrote: / Am Montag schrieb Ben: / Le lundi, Ben a écrit : / ...
    r"^(?:(?:On|Am|Le|El|Il|Em|Op|Den|Dnia|W dniu)\b[^\n]{0,300}(?:\n[^\n]{1,200})?"
    r"(?:wrote|a écrit|escribió|ha scritto|escreveu|napisał\(?a?\)?|(?:schrieb|schreef|skrev)[^\n:]{0,200})\s?:"
    r"|-{3,} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Messaggio originale"
    r"|Oorspronkelijk bericht|Forwarded message|Weitergeleitete Nachricht) ?-{3,}"
    r"|_{20,})[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_HEADER_BLOCK: Final = re.compile(  # as Outlook puts it above what is answered
    r"^\*?(?:From|Von|De|Da|Van|Fra|Från|Od):\*? [^\n]{1,300}\n(?:[^\n]{0,300}\n){0,2}?"
    r"\*?(?:Sent|Date|To|Gesendet|Datum|An|Envoyé|À|Enviado|Para|Inviato|A|Verzonden|Aan|Sendt|Til|Skickat|Till):\*? ",
    re.MULTILINE,
)
_SIGNATURE: Final = re.compile(r"^-- ?$", re.MULTILINE)
_BULK: Final = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_MACHINES: Final = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Auto-Response", "X-MS-Exchange-Inbox-Rules-Loop")


def answered(mail: Mail) -> list[str]:
    """Return the ids of the messages that a mail answers, the nearest first."""
    nearest = headers.message_ids(headers.all_raw(mail.message, "In-Reply-To"))
    before = headers.message_ids(headers.all_raw(mail.message, "References"))
    return list(dict.fromkeys([*nearest, *reversed(before)]))


def own_text(text: str) -> str:
    """Return what is new in an answer, without quotations and signature; all of it, where nothing would be left."""
    ends = [found.start() for pattern in (_ATTRIBUTION, _HEADER_BLOCK) if (found := pattern.search(text))]
    # Whoever answers below what they quote has nothing of their own above it.
    for kept in (text[: min(ends)] if ends else text, text):
        own = _without_quotes(kept)
        if own:
            return own
    return text


def is_automatic(mail: Mail) -> bool:
    """Tell whether a machine wrote it: an out-of-office note, a confirmation, a list."""
    submitted = headers.raw(mail.message, "Auto-Submitted").lower().partition(";")[0].strip()
    if submitted not in ("", "no"):
        return True
    if any(headers.raw(mail.message, name) for name in _MACHINES):
        return True
    return headers.raw(mail.message, "Precedence").lower() in _BULK


def _without_quotes(text: str) -> str:
    signature = _SIGNATURE.search(text)
    kept = text[: signature.start()] if signature else text
    lines = [line for line in kept.split("\n") if not line.lstrip().startswith(">") and not _ATTRIBUTION.match(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
