"""One spelling of what looks the same."""

import re
import unicodedata
from typing import Final

# Unicode's Default_Ignorable_Code_Point: nobody sees them, and mail programs, editors and keyboards leave them behind.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)


def fold(text: str) -> str:
    """Return one spelling of what looks the same: letters composed (NFC), nothing invisible, no blanks around it."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()
