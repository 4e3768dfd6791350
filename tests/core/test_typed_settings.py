"""Settings that a dataclass declares: read with all problems at once, written again, described."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.typed_settings import (
    Problem,
    SettingsError,
    choice,
    condition,
    duration,
    items,
    long_text,
    mapping,
    number,
    read,
    reference,
    rows_of,
    schema_of,
    secret,
    secret_names,
    settings_of,
    template,
    text,
    texts,
    write,
    yes_no,
)
from apps.core.typed_settings.documents import MAX_UNKNOWN


def no_blanks(value: str) -> None:
    if " " in value:
        raise ValueError("A host has no blanks.")


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str = text("Name")
    weight: float = number("Weight", least=0, most=100, is_whole=False, default=1.0)


@dataclass(frozen=True, kw_only=True)
class Sample:
    host: str = text("Host", help="Where it is.", max_length=20, check=no_blanks)
    port: int = number("Port", least=1, most=65_535, default=443)
    wait: timedelta = duration("Wait", least=timedelta(minutes=1), most=timedelta(days=1), default=timedelta(minutes=5))
    auth: str = choice("Sign-in", {"none": "None", "basic": "Name and password"}, default="none")
    user: str = text("User", when=("auth", "basic"))
    password: str = secret("Password", when=("auth", "basic"), default="")
    is_on: bool = yes_no("On", default=True)
    from_: str = text("From", default="")
    note: str = long_text("Note", default="")
    tags: tuple[str, ...] = texts("Tags", default=(), to="tag")
    headers: dict[str, str] = mapping("Headers", default={})
    body: Any = template("Body", default=None)
    only: str = condition("Only where", default="")
    segment: str | None = reference("Segment", to="segment", default=None)
    cases: tuple[Case, ...] = items("Cases", Case, most=3, default=())

    def problems(self) -> Iterator[Problem]:
        if self.host == self.from_:
            yield Problem("from", "It comes from where it goes.")


def problems_of(document: object, cls: type = Sample) -> dict[str, str]:
    with pytest.raises(SettingsError) as raised:
        read(cls, document)
    return {problem.path: problem.message for problem in raised.value.problems}


def test_what_is_not_said_is_as_the_dataclass_says() -> None:
    found = read(Sample, {"host": "a.example"})

    assert (found.port, found.wait, found.user, found.headers) == (443, timedelta(minutes=5), "", {})
    assert read(Sample, {"host": "b.example"}).headers is not found.headers


def test_of_very_many_keys_that_there_are_not_the_first_are_named_and_the_others_counted() -> None:
    found = problems_of({"host": "a", **{f"k{number}": 1 for number in range(1_000)}})

    assert len(found) == MAX_UNKNOWN
    assert found["k19"].endswith("The same of 980 more.")


def test_all_problems_are_told_at_once_each_with_its_place() -> None:
    document = {
        "hsot": "a",
        "port": 70_000,
        "wait": "a while",
        "auth": "magic",
        "is_on": "yes",
        "from": "two\nlines",
        "tags": ["a", 7, " "],
        "headers": {"X-Tenant": 1},
        "body": {"deep": [float("nan")]},
        "only": "profile@ =",
        "cases": [{"name": "a"}, {"weight": 101, "colour": "red"}],
    }

    found = problems_of(document)

    assert found["hsot"] == "There is no such setting. Did you mean host?"
    assert found["host"] == "This has to be filled in."
    assert found["port"] == "At most 65,535."
    assert "15 minutes" in found["wait"]
    assert found["auth"] == "Expected one of none, basic."
    assert found["is_on"] == "Expected true or false."
    assert found["from"] == "Expected one line, without tabs and control characters."
    assert (found["tags.1"], found["tags.2"]) == ("Expected a text.", "The text is empty.")
    assert found["headers.X-Tenant"] == "Expected a text."
    assert found["body.deep.0"] == "It is not a finite number."
    assert found["only"]
    assert found["cases.1.name"] == "This has to be filled in."
    assert found["cases.1.weight"] == "At most 100."
    assert found["cases.1.colour"] == "There is no such setting. There are name, weight."
    assert len(found) == 15


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ([], "", "Expected an object."),
        ({"host": " "}, "host", "This has to be filled in."),
        ({"host": None}, "host", "This has to be filled in."),
        ({"host": "a b"}, "host", "A host has no blanks."),
        ({"host": "a" * 21}, "host", "At most 20 characters, not 21."),
        ({"host": "a\x00"}, "host", "The text contains a NUL character."),
        ({"host": "a", "port": True}, "port", "Expected a whole number."),
        ({"host": "a", "port": 1.5}, "port", "Expected a whole number."),
        ({"host": "a", "port": None}, "port", "Expected a whole number."),
        ({"host": "a", "port": 0}, "port", "At least 1."),
        ({"host": "a", "wait": "59 seconds"}, "wait", "At least 1 minute."),
        ({"host": "a", "wait": "25 hours"}, "wait", "At most 1 day."),
        ({"host": "a", "wait": "1 month"}, "wait", "Months and years differ in length: write it in days."),
        ({"host": "a", "wait": 60}, "wait", "Expected a text such as 15 minutes, 1h30m or 180 days."),
        ({"host": "a", "tags": ["x", "x"]}, "tags", "x is there twice."),
        ({"host": "a", "tags": "x"}, "tags", "Expected a list of texts."),
        ({"host": "a", "tags": ["x"] * 101}, "tags", "At most 100 of them, not 101."),
        ({"host": "a", "headers": [1]}, "headers", "Expected an object of texts."),
        ({"host": "a", "headers": {" ": "x"}}, "headers. ", "A name is empty."),
        ({"host": "a", "cases": {}}, "cases", "Expected a list of objects."),
        ({"host": "a", "cases": [{"name": "a"}] * 4}, "cases", "There are 0 to 3 of them, not 4."),
        ({"host": "a", "cases": ["a"]}, "cases.0", "Expected an object."),
        ({"host": "a", "user": "me"}, "user", "This is only there where auth is basic."),
        ({"host": "a", "auth": "basic"}, "user", "This has to be filled in."),
        ({"host": "a", "from": "a"}, "from", "It comes from where it goes."),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(document: object, path: str, message: str) -> None:
    assert problems_of(document) == {path: message}


def test_a_dataclass_that_declares_something_else_is_refused_by_the_name_of_the_field() -> None:
    @dataclass(frozen=True)
    class Odd:
        host: str

    @dataclass(frozen=True, kw_only=True)
    class Early:
        user: str = text("User", when=("auth", "basic"))
        auth: str = text("Auth")

    with pytest.raises(TypeError, match=r"Odd\.host is no setting"):
        settings_of(Odd)
    with pytest.raises(TypeError, match=r"Early\.user depends on auth"):
        settings_of(Early)


LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)
NAMES = LINES.filter(str.strip)
JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | LINES, lambda inner: st.lists(inner))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    optional = {
        "port": st.integers(1, 65_535),
        "wait": st.sampled_from(["90 seconds", "1h30m", "1 day", "100 m"]),
        "is_on": st.booleans(),
        "from": LINES.map(lambda found: f"x{found}"),
        "note": LINES,
        "tags": st.lists(NAMES, unique=True, max_size=3),
        "headers": st.dictionaries(NAMES, LINES, max_size=3),
        "body": JSON,
        "only": st.sampled_from(["", 'profile@data.pii.firstname = "a"']),
        "segment": st.none() | NAMES,
        "cases": st.lists(st.fixed_dictionaries({"name": NAMES}, optional={"weight": st.floats(0, 100)}), max_size=3),
    }
    host = NAMES.map(lambda found: found.replace(" ", "") or "h").filter(str.strip)
    found = draw(st.fixed_dictionaries({"host": host}, optional=optional))
    if draw(st.booleans()):
        found |= {"auth": "basic", "user": draw(NAMES), "password": draw(LINES)}
    return found


@given(documents())
def test_what_is_written_is_read_as_the_same(document: dict[str, Any]) -> None:
    if document.get("from") == document["host"]:
        return
    settings = read(Sample, document)

    assert read(Sample, write(settings)) == settings
    assert write(read(Sample, write(settings))) == write(settings)


def test_the_schema_says_what_forms_and_programs_need() -> None:
    schema = schema_of(Sample)

    assert list(schema["properties"])[:4] == ["host", "port", "wait", "auth"]
    assert (schema["required"], schema["additionalProperties"]) == (["host"], False)
    assert schema["properties"]["host"] == {
        "title": "Host",
        "description": "Where it is.",
        "type": "string",
        "maxLength": 20,
        "x-widget": "text",
    }
    assert schema["properties"]["user"]["x-when"] == {"auth": ["basic"]}
    assert schema["properties"]["password"]["writeOnly"] is True
    assert schema["properties"]["segment"]["type"] == ["string", "null"]
    assert schema["properties"]["segment"]["x-reference"] == "segment"
    assert schema["properties"]["wait"]["default"] == "5 minutes"
    assert schema["properties"]["cases"]["items"]["required"] == ["name"]
    assert secret_names(Sample) == {"password"}


def test_documents_have_a_row_for_each_field() -> None:
    rows = {row.name: row for row in rows_of(Sample)}

    assert rows["host"] == ("host", "text", "", "Host. Where it is.")
    assert rows["auth"][1:] == ("one of none, basic", "none", "Sign-in. `basic`: Name and password.")
    assert rows["user"].told == "User. Only where `auth` is basic."
    assert rows["segment"].kind == "segment"
    assert (rows["is_on"].default, rows["tags"].default) == ("yes", "none")
