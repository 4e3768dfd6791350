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


# By the words of both parsers: that of the standard library, and the strict one.
_WHY: Final = {
    "Expecting ',' delimiter": "a comma is missing, or a bracket that closes",
    "Expecting ':' delimiter": "a colon is missing after a name",
    "Expecting value": "a value is missing, or is no JSON",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing, or a comma is too many",
    "Illegal trailing comma before end of object": "there is a comma too many",
    "Illegal trailing comma before end of array": "there is a comma too many",
    "Extra data": "there is more after the end",
    "Unterminated string starting": "a text does not end",
    "Invalid control character": "a text goes on in the next line; write \\n",
    "Invalid \\escape": "a backslash stands alone; write two",
    "unexpected character, expected ',' or ']'": "a comma is missing, or a bracket that closes",
    "unexpected character, expected ',' or '}'": "a comma is missing, or a bracket that closes",
    "unexpected character, expected ':' after key": "a colon is missing after a name",
    "unexpected character, expected a JSON value": "a value is missing, or is no JSON",
    "unexpected character, expected a string key": "a name in double quotes is missing, or a comma is too many",
    "trailing comma is not allowed": "there is a comma too many",
    "unexpected content after document": "there is more after the end",
    "unexpected end of data": "it ends before all brackets and texts are closed",
    "unexpected control character in string": "a text goes on in the next line; write \\n",
    "invalid escaped sequence in string": "a backslash stands alone; write two",
    "Input is a zero-length, empty document": "there is nothing in it",
    "str is not valid UTF-8: surrogates not allowed": "it is no text in UTF-8",
}


def loads(body: bytes) -> Any:
    """Parse JSON as it stands in the standard. Raises ValueError with line and column, and RecursionError."""
    body = body.removeprefix(_MARK_BYTES)
    parsed = orjson.loads(body)
    # It makes floats of greater numbers. Two passes in C tell whether there may be one; a card's number is shorter.
    return loads_lax(body.decode()) if _LONG in body.translate(_DIGITS_TO_ZERO) else parsed


def loads_lax(text: str) -> Any:
    """Parse JSON that may have NaN, Infinity and halves of surrogate pairs in it. Raises as `loads` does."""
    return json.loads(text.removeprefix(BYTE_ORDER_MARK), cls=Decoder)


def told(error: ValueError | RecursionError) -> str:
    """Say in plain words why JSON could not be read, with line and column."""
    if isinstance(error, RecursionError):
        return "It is nested too deep."
    if not isinstance(error, json.JSONDecodeError):
        return "It is no text in UTF-8."
    why = _WHY.get(error.msg.removesuffix(" at"), "this is no JSON")
    return f"Line {error.lineno}, column {error.colno}: {why}."


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
