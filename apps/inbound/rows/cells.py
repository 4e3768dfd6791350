"""Values of databases as JSON has them."""

import base64
from typing import Any, Final

EXACT_DIGITS: Final = 15  # so many a number of JSON keeps, whoever reads it


def decimal_of(text: str) -> int | float | str:
    """Make a number of a decimal that is one exactly; a longer one, NaN and Infinity stay texts."""
    digits = text.lstrip("-").replace(".", "", 1)
    if not digits.isdigit() or len(digits) > EXACT_DIGITS:
        return text
    return float(text) if "." in text else int(text)


def written(value: Any) -> str:
    """Write what JSON has no value for: bytes in base64, and all else as it is shown."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
