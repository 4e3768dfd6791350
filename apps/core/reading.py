"""Read JSON as programs really send it: with a byte order mark, with whole numbers of any size, with what is no JSON.

Whole numbers beyond 64 bits become texts, digit by digit: our JSON writer has none so great, and as a float two of them
would be one. This is the only reader of JSON that others wrote.
"""

import json
from typing import Any, Final

import orjson

BYTE_ORDER_MARK: Final = "\ufeff"
MAX_INTEGER: Final = 2**63 - 1
_MARK_BYTES: Final = BYTE_ORDER_MARK.encode()
_DIGITS_TO_ZERO: Final = bytes.maketrans(b"123456789", b"0" * 9)
_LONG: Final = b"0" * len(str(MAX_INTEGER))


def loads(body: bytes) -> Any:
    """Parse JSON as it stands in the standard. Raises ValueError with line and column, and RecursionError."""
    body = body.removeprefix(_MARK_BYTES)
    parsed = orjson.loads(body)
    # It makes floats of greater numbers. Two passes in C tell whether there may be one; a card's number is shorter.
    return loads_lax(body.decode()) if _LONG in body.translate(_DIGITS_TO_ZERO) else parsed


def loads_lax(text: str) -> Any:
    """Parse JSON that may have NaN, Infinity and halves of surrogate pairs in it. Raises as `loads` does."""
    return json.loads(text.removeprefix(BYTE_ORDER_MARK), cls=Decoder)


class Decoder(json.JSONDecoder):
    """The standard library's decoder, which keeps all digits of whole numbers; for those that want one to call."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "parse_int": _integer})


def _integer(digits: str) -> int | str:
    if len(digits) < len(_LONG):
        return int(digits)
    if len(digits) > len(_LONG) + 1:  # `int` refuses thousands of them
        return digits
    number = int(digits)
    return number if abs(number) <= MAX_INTEGER else digits
