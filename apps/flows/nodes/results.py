"""Where nodes put what they have found out: into the payload, under a name."""

import re
from collections.abc import Mapping
from typing import Any, Final

from apps.core.typed_settings import text

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def into(default: str) -> Any:
    """Declare the name that a result has in the payload."""
    return text(
        "Result",
        default=default,
        max_length=60,
        check=check_name,
        help=f"Its name in the payload: as {default} it is payload@{default} from here on.",
    )


def placed(payload: Any, into: str, value: Any) -> dict[str, Any]:
    """Return a payload that has a result under a name; what else an object has stays, anything else is replaced."""
    return {**(payload if isinstance(payload, Mapping) else {}), into: value}


def check_name(name: str) -> None:
    """Refuse what no reference could name without brackets. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError("A name has letters, digits and _, and begins with no digit.")
