"""Lines and rows of files, whatever the size of either, and whatever is wrong with them."""

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.typed_settings import SettingsError, read
from apps.inbound.files.globs import matcher_of
from apps.inbound.files.lines import MOST_BYTES, as_utf8, lines, opened
from apps.inbound.files.settings import LineSettings
from apps.inbound.files.split_lines import Record, records


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@given(st.lists(st.binary(max_size=9).filter(lambda it: b"\n" not in it)), st.integers(1, 5), st.booleans())
def test_lines_are_those_of_the_file_however_it_comes(texts: list[bytes], size: int, is_ended: bool) -> None:
    data = b"\n".join(texts) + (b"\n" if is_ended and texts else b"")

    found = list(lines(pieces(data, size)))

    expected = data.split(b"\n")[: -1 if data.endswith(b"\n") or not data else None]
    assert [line.data for line in found] == [line.removesuffix(b"\r") for line in expected]
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    assert all(data[: line.end].count(b"\n") in (line.number, line.number - 1) for line in found)


@given(st.lists(st.binary(max_size=9).filter(lambda it: b"\n" not in it), min_size=1), st.data())
def test_whoever_goes_on_behind_a_line_reads_the_rest(texts: list[bytes], data: Any) -> None:
    whole = b"\n".join(texts)
    found = list(lines([whole]))
    for at in found[:-1]:
        rest = list(lines([whole[at.end :]], number=at.number, offset=at.end))
        assert rest == found[at.number :]


@given(st.lists(st.binary(max_size=300)), st.integers(1, 50))
def test_what_is_packed_is_opened_also_in_several_parts(parts: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(part) for part in parts)

    is_packed, found = opened(pieces(packed, size))

    assert (b"".join(found), is_packed) == (b"".join(parts), bool(parts))


def test_much_that_was_packed_into_little_is_opened_bit_by_bit() -> None:
    packed = gzip.compress(b"\0" * 50_000_000)

    _, found = opened([packed])
    sizes = [len(piece) for piece in found]

    assert (sum(sizes), max(sizes) <= 1_000_000) == (50_000_000, True)


def test_a_line_without_an_end_in_sight_is_cut_and_the_next_one_is_read() -> None:
    def much() -> Iterator[bytes]:
        yield b"a\n"
        yield from (b"x" * 1_000_000 for _ in range(50))
        yield b"\nb"

    first, long, last = lines(much())

    assert (first.data, last.data, last.number, last.end) == (b"a", b"b", 3, 50_000_004)
    assert (len(long.data), f"longer than {MOST_BYTES:,}" in long.problem) == (64_000, True)


def test_a_packed_file_without_its_end_is_read_as_far_as_it_goes() -> None:
    packed = gzip.compress(b"\n".join(b"%d" % n for n in range(100_000)))

    _, chunks = opened(pieces(packed[:-20_000], 1_000))
    *whole, last = lines(chunks)

    assert [int(line.data) for line in whole] == list(range(len(whole)))
    assert (len(whole) > 1_000, "its end is missing" in last.problem) == (True, True)


def test_a_packed_file_that_is_damaged_is_read_until_there() -> None:
    packed = gzip.compress(b"1\n2\n") + b"no gzip any more"

    _, chunks = opened([packed])
    one, two, last = lines(chunks)

    assert (one.data, two.data, "damaged from here on" in last.problem) == (b"1", b"2", True)


def rows(text: str | bytes, **document: Any) -> list[Any]:
    settings = read(LineSettings, {"format": "csv", **document})
    data = text.encode() if isinstance(text, str) else text
    chunks: Any = as_utf8([data], "utf-16") if settings.encoding == "utf-16" else [data]
    return [shown(record) for record in records(lines(chunks), settings, [])]


def shown(record: Record) -> Any:
    return f"{record.number}: {record.problem}" if record.problem else json.loads(record.body)


SECS = 3.0  # of work: what is quadratic takes half a minute
ROWS = [{"id": "1", "name": "Åse"}, {"id": "2", "name": "Ben"}]


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("id,name\n1,Åse\n2,Ben\n", {}),
        ("\ufeffid,name\r\n1,Åse\r\n\r\n2,Ben", {}),
        ("id;name\n1;Åse\n2;Ben\n", {"delimiter": "semicolon"}),
        ("id\tname\n1\tÅse\n2\tBen\n", {"delimiter": "tab"}),
        ("id|name\n'1'|Åse\n2|Ben\n", {"delimiter": "pipe", "quotes": "single"}),
        ("1,Åse\n2,Ben\n", {"header": "names", "names": ["id", "name"]}),
        ("id,name\n1,Åse\n2,Ben\n".encode("cp1252"), {"encoding": "cp1252"}),
        ("id,name\n1,Åse\n2,Ben\n".encode("utf-16"), {"encoding": "utf-16"}),
    ],
)
def test_rows_become_objects(text: str | bytes, document: dict[str, Any]) -> None:
    assert rows(text, **document) == ROWS


def test_a_value_may_have_quotes_delimiters_and_line_breaks() -> None:
    assert rows('a,b\n"x,\n""y""\r\n\n",2\n3,4') == [{"a": 'x,\n"y"\n\n', "b": "2"}, {"a": "3", "b": "4"}]


def test_a_row_that_is_wrong_is_set_aside_alone() -> None:
    found = rows(b'a,b\n1,2\n3\n4,5,6\n"7"x,8\n\xff,9\n10,11\n')

    assert found == [
        {"a": "1", "b": "2"},
        "3: It has 1 column, and there are names for 2.",
        "4: It has 3 columns, and there are names for 2.",
        "5: It is no row of CSV: ',' expected after '\"'.",
        "6: It is no utf-8.",
        {"a": "10", "b": "11"},
    ]


def test_a_quote_that_is_never_closed_swallows_no_other_row() -> None:
    good = "".join(f"{n},x\n" for n in range(500))

    found = rows(f'a,b\n"1,x\n{good}')

    assert found[0] == "2: A quote is opened, and never closed."
    assert [row["a"] for row in found[1:]] == [str(n) for n in range(500)]


def test_without_quotes_they_are_letters_as_others() -> None:
    assert rows('a,b\n"1,2"\n', quotes="none") == [{"a": '"1', "b": '2"'}]


def test_columns_without_a_name_get_one_and_no_two_are_the_same() -> None:
    assert rows("a,,a\n1,2,3\n") == [{"a": "1", "column_2": "2", "a_2": "3"}]


def test_quotes_that_open_in_each_line_are_told_soon() -> None:
    began_at = time.process_time()

    found = rows("a,b\n" + ('x","y' + "z" * 20_000 + "\n") * 90 + ('"' + "z," * 10_000 + '"",\n') * 90 + "1,2\n")

    assert time.process_time() - began_at < SECS
    assert len(found) == 181
    assert found[-1] == {"a": "1", "b": "2"}


@pytest.mark.parametrize("names", ["a," * 1_999 + "a", ",".join(f"a_{n}" for n in range(1_000)) + ",a" * 1_000])
def test_many_columns_of_one_name_are_named_soon(names: str) -> None:
    began_at = time.process_time()

    [found] = rows(f"{names}\n" + "1," * 1_999 + "1\n")

    assert time.process_time() - began_at < SECS
    assert len(found) == 2_000


def test_a_file_with_too_many_columns_is_refused_by_its_header() -> None:
    header = ",".join(f"c{n}" for n in range(20_000))

    assert rows(f"{header}\n1,2\n3,4\n") == ["1: The header has more than 2,000 columns: the file is not read."]


def test_documents_are_written_as_utf_8_whatever_they_were() -> None:
    settings = read(LineSettings, {"encoding": "iso-8859-15"})

    found = list(records(lines(['{"a": "10 €"}\n'.encode("iso-8859-15")]), settings, []))

    assert json.loads(found[0].body) == {"a": "10 €"}


def test_bytes_without_a_meaning_are_a_dead_letter() -> None:
    settings = read(LineSettings, {"encoding": "cp1252"})

    [bad, good] = records(lines([b'{"a": "\x81"}\n{"a": 1}']), settings, [])

    assert (bad.problem, bad.body) == ("It is no cp1252: byte 8 of the line has no meaning there.", b'{"a": "\x81"}')
    assert (good.problem, good.body) == ("", b'{"a": 1}')


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*", "a.csv", True),
        ("*", "in/a.csv", False),
        ("*.csv", "a.csv.gz", False),
        ("**/*.csv", "a.csv", True),
        ("**/*.csv", "in/2026/a.csv", True),
        ("in/**", "in/2026/a.csv", True),
        ("a?.csv", "a1.csv", True),
        ("a.csv", "abcsv", False),
        ("[a]+(b).csv", "[a]+(b).csv", True),
        ("**/*", "in/.a.csv", False),
        ("*", "a.csv.tmp", False),
        ("*", "a.csv.PART", False),
    ],
)
def test_a_pattern_picks_paths_and_no_file_that_is_still_written(pattern: str, path: str, matches: bool) -> None:
    assert matcher_of(pattern)(path) is matches


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"header": "names"}, "header"),
        ({"format": "csv", "header": "names", "names": []}, "names"),
        ({"format": "csv", "header": "names", "names": ["a", "a"]}, "names"),
        *(({"afterwards": "move", "move_to": done}, "move_to") for done in ("/done", "../done", "a/../../b", "a//b")),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(LineSettings, document)

    assert path in {problem.path for problem in raised.value.problems}
