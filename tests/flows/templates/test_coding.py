"""Values that others must not read, or read in another writing, and what they are."""

from typing import Any

import pytest

from apps.flows.engine.moves import Failure
from apps.flows.templates import compile_value


def filtered(value: Any, filters: str) -> Any:
    return compile_value(f"{{{{ payload@v | {filters} }}}}")({"payload": {"v": value}})


@pytest.mark.parametrize(
    ("value", "filters", "found"),
    [
        ("a@b.no", "hash", "700b39e2cd392acc82227468f8b70822d9841495076d9dccf6d411fcb08402e1"),
        ("a", 'hash("md5")', "0cc175b9c0f1b6a831c399e269772661"),
        ("a", 'hash("sha1")', "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        (None, 'hash | default("none")', "none"),
        ("4111111111111234", "mask(4)", "***1234"),
        ("1234", "mask(4)", "***"),
        ("Anna", "mask", "***"),
        ("Anna", "mask(-2)", "***"),
        ("blåbær", "base64", "YmzDpWLDpnI="),
        ("YmzDpWLDpnI", "unbase64", "blåbær"),
        ("Pz8_", "unbase64", "???"),
        ("Blue Shoes & søk!", "slug", "blue-shoes-sk"),
        ("+47 22-33", 'remove(" -")', "+472233"),
        (1.5, "type", "number"),
        (True, "type", "boolean"),
        ([], "type", "list"),
        ({}, "type", "object"),
        ("1", "type", "text"),
        ([3, 1.5, 2], "min", 1.5),
        (["a", "c", "b"], "max", "c"),
        ([], "max", None),
    ],
)
def test_a_filter_gives(value: Any, filters: str, found: Any) -> None:
    assert filtered(value, filters) == found


@pytest.mark.parametrize(
    ("value", "filters", "reason"),
    [
        ("a", 'hash("crc")', "no such hash"),
        ("no base64!", "unbase64", "cannot be used"),
        ("/w==", "unbase64", "cannot be used"),  # bytes that are no text
        ("AA==", "unbase64", "cannot be used"),  # a text that cannot be stored
        ([1, "a"], "min", "cannot be used"),
        ("abc", "max", "no list"),
    ],
)
def test_what_cannot_be_is_told_without_the_value(value: Any, filters: str, reason: str) -> None:
    with pytest.raises(Failure, match=reason):
        filtered(value, filters)
