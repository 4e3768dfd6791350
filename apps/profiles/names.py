"""Names as texts: one spelling of what looks the same, and which of them name nobody at all."""

import re
import unicodedata
from importlib import resources
from typing import Any, Final

import yaml

BLOCKED: Final[dict[str, Any]] = yaml.safe_load(
    resources.files("apps.profiles").joinpath("blocked.yaml").read_text(encoding="utf-8")
)
NOBODY: Final = frozenset(map(str, BLOCKED["nobody"]))
_LONGEST: Final = max(map(len, NOBODY))
# Unicode's Default_Ignorable_Code_Point: nobody sees them, and mail programs, editors and keyboards leave them behind.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
# What stands around a word that is no name: "null", <nil>, [object Object].
_WRAPPING: Final = " \t\r\n\"'`()[]{}<>$%#*|"
# Places of templates that a program did not fill in: {{user.id}}, ${userId}, *|USER_ID|*, %%id%%, <%= id %>.
_UNFILLED: Final = re.compile(r"\{\{.*\}\}|\$\{.*\}|\*\|.*\|\*|%%.*%%|<%.*%>|\{%.*%\}", re.DOTALL)


def fold(text: str) -> str:
    """Return one spelling of what looks the same: letters composed (NFC), nothing invisible, no blanks around it."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()


def names_nobody(value: str) -> bool:
    """Tell whether a value stands in place of nothing: null, undefined, 0000, {{user_id}}."""
    if len(value) > _LONGEST and value[0] != "0" and value[0].isalnum() and value[-1].isalnum():
        return False  # longer than any word, no zeros, no template: so are most ids
    bare = value.strip(_WRAPPING).lower()
    if bare in NOBODY or not bare.strip("0-+.,:_ "):
        return True
    return value[-1:] in ("}", "*", "%", ">") and _UNFILLED.fullmatch(value) is not None
