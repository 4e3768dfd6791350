"""Templates filled from what a run knows, escaped for where they go."""

import html
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flows.engine.moves import Failure
from apps.flows.templates import CHANNELS, TemplateError, compile_text, compile_value

SCOPE: dict[str, Any] = {
    "profile": {
        "traits": {
            "name": "Anna <b>",
            "vat no": "7",
            "score": 3.0,
            "none": None,
            "tags": ["a", "b"],
            "day": "2026-11-30",
            "large": 1e25,
        },
        "created_at": datetime(2026, 11, 30, 10, tzinfo=UTC),
    },
    "event": {
        "properties": {
            "price": "1234.5",
            "path": "../admin",
            "items": [{"name": "A", "price": 2}, {"name": "B", "price": 3.5}],
            "dots": "..",
        }
    },
    "payload": None,
    "memory": {},
    "flow": {"key": "welcome"},
    "session": {},
}


def filled(source: str, channel: str = "text") -> str:
    return compile_text(source, channel=channel)(SCOPE)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{ profile@traits.name }}!", "Hi Anna <b>!"),
        ('{{ profile@traits.nobody | default("friend") | upper }}', "FRIEND"),
        ('{{ profile@traits["vat no"] }}{{ profile@traits.vat\\ no }}', "77"),
        ("[{{ profile@traits.none }}{{ payload@a.b }}]", "[]"),
        ("{{ profile@traits.score }} {{ true }} {{ profile@traits.tags }}", '3 true ["a", "b"]'),
        ("{{ profile@created_at }}", "2026-11-30T10:00:00+00:00"),
        ('{{ profile@created_at | date("d.m.Y H:i", "Europe/Oslo") }}', "30.11.2026 11:00"),
        ("{{ profile@traits.day | date }}", "30 Nov 2026"),
        ('{{ event@properties.price | money("EUR", ",", ".") }}', "1.234,50 EUR"),
        ("{{ event@properties.price | round }}", "1235"),
        ('{{ event@properties.items | pluck("price") | sum }}', "5.5"),
        ('{{ profile@traits.tags | join(" + ") }}', "a + b"),
        ("{{ profile@traits.tags | length }}{{ profile@traits.tags | first }}{{ profile@traits.tags | last }}", "2ab"),
        (
            "{% for item in event@properties.items %}{{ loop.index }} {{ item.name }}"
            "{% if not loop.last %}, {% endif %}{% endfor %}",
            "1 A, 2 B",
        ),
        ("{% for item in payload@nothing %}x{% endfor %}", ""),
        ("{% if profile@traits.score >= 3 %}much{% else %}little{% endif %}", "much"),
        ("{# profile@nothing of interest #}a", "a"),
        ('{{ "a quoted event@properties.x" }}', "a quoted event@properties.x"),
        ("event@properties.price", "1234.5"),
        ("Write to event.team@example.com", "Write to event.team@example.com"),
        ("plain {text}", "plain {text}"),
    ],
)
def test_a_text_is_filled(source: str, text: str) -> None:
    assert filled(source) == text


def test_what_is_filled_in_is_escaped_as_where_it_goes_needs_it() -> None:
    source = "{{ profile@traits.name }}"

    assert filled(f"<p>{source}</p>", "html") == "<p>Anna &lt;b&gt;</p>"
    assert filled('{{ "a\\nb<" | lines }}', "html") == "a<br>b&lt;"
    assert filled(f"/people/{source}/x", "url") == "/people/Anna%20%3Cb%3E/x"
    assert filled("/files/{{ event@properties.path }}", "url") == "/files/..%2Fadmin"
    assert filled(f'{{"n": "{source}", "s": {{{{ profile@traits.score }}}}}}', "json") == '{"n": "Anna <b>", "s": 3.0}'
    assert filled('"{{ "say \\"hi\\"" }}"', "json") == '"say \\"hi\\""'


@pytest.mark.parametrize("missing", ["profile@traits.none", "event@properties.dots"])
def test_an_address_never_loses_a_part_of_it(missing: str) -> None:
    with pytest.raises(Failure, match="missing, or is dots only"):
        filled(f"/orders/{{{{ {missing} }}}}", "url")


def test_values_keep_their_types() -> None:
    template = {
        "whole": "event@properties.items",
        "alone": "{{ event@properties.price | round(1) }}",
        "yes": "{{ profile@traits.score > 2 }}",
        "text": "It is {{ profile@traits.score }}",
        "time": "profile@created_at",
        "left_out?": "profile@traits.none",
        "kept": "profile@traits.none",
        "deep": [{"a": "{{ profile@traits.tags }}"}, 7, None, True],
    }

    assert compile_value(template)(SCOPE) == {
        "whole": SCOPE["event"]["properties"]["items"],
        "alone": 1234.5,
        "yes": True,
        "text": "It is 3",
        "time": "2026-11-30T10:00:00+00:00",
        "kept": None,
        "deep": [{"a": ["a", "b"]}, 7, None, True],
    }


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ profile@traits.name * 3 }}", "no number"),
        ("{{ profile@traits.large | round(10) }}", "The filter round"),
        ("{{ profile@traits.large | number(10) }}", "The filter number"),
        ("{{ (profile@traits.large * 10000) | money }}", "The filter money"),
        ('{{ "%9999999d" % 5 }}', "no number"),
        ("{{ profile@traits.name < 3 }}", "no number"),
        ("{{ 1 / (profile@traits.score - 3) }}", "divides by zero"),
        ("{{ profile@traits.name | date }}", "filter date cannot be used"),
        ("{{ profile@traits.name | money }}", "no number"),
        ("{{ profile@traits.name | first }}", "no list"),
        ("{% for a in profile@traits.name %}x{% endfor %}", "no list"),
        ('{{ profile@traits.name | date("Y", profile@traits.name) }}', "filter date cannot be used"),
    ],
)
def test_what_the_data_make_impossible_fails_with_a_reason_that_does_not_tell_them(source: str, reason: str) -> None:
    with pytest.raises(Failure, match=reason) as failed:
        filled(source)

    assert "Anna" not in str(failed.value)


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in payload@l %}{% for b in payload@l %}{% for c in payload@l %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in payload@l %}{% for b in payload@l %}{{ payload@long }}{% endfor %}{% endfor %}",
        '{{ payload@long | replace("x", payload@long) }}',
        "{{ payload@l | join(payload@long) }}",
    ],
)
def test_nothing_grows_without_bounds(source: str) -> None:
    with pytest.raises(Failure, match=r"longer than|go round more"):
        compile_text(source)({"payload": {"l": [1] * 1_000, "long": "x" * 10_000}})


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("Hi\n{{ name }}", "Line 2", "'name' is no reference; write profile@traits.name"),
        ("a\n {{ visitor@name }}", "line 2, character 5", "There is no visitor@ here"),
        ("{{ profil@name }}", "character 4", "Did you mean profile@?"),
        ("Hi {{ profile@traits.name", "character 4", "'{{' is never closed by '}}'"),
        ("{{ profile@traits.name + }}", "Line 1", "unexpected"),
        ("{{ profile@traits.name | uper }}", "Line 1", "Did you mean upper?"),
        ("{{ a@ }}", "character 5", "no reference"),
        ("{{ profile@traits.name.upper() }}", "Line 1", "Nothing can be called"),
        ("{{ range(9) }}", "Line 1", "Nothing can be called"),
        ("{{ self }}", "Line 1", "'self' is no reference"),
        ("{{ _left }}", "Line 1", "'_left' is no reference"),
        ("{{ ref_0 }}", "character 4", "no reference"),
        ("{{ 2 ** 99 }}", "Line 1", "no powers"),
        ('{% include "x" %}', "Line 1", "'include' is not allowed"),
        ("{% set a = 1 %}", "Line 1", "'assign' is not allowed"),
        ("{% macro a() %}{% endmacro %}", "Line 1", "'macro' is not allowed"),
        ("{% for a in payload@b recursive %}{% endfor %}", "Line 1", "do not call themselves"),
        ('{{ profile@traits.day | date("Y", "Europe/Osloo") }}', "Line 1", "no time zone Europe/Osloo"),
        ('{{ "\\x00" }}', "Line 1", "A text contains a NUL character"),
        ('{{ "a" ~ "\\ud800" }}', "Line 1", "A text contains half of a surrogate pair"),
        ("{{ " + "9" * 5_000 + " }}", "body", "A number in it is too long"),
        ("event@ properties", "body", "begins as a reference and is none"),
        ("x" * 200_001 + "{{ 1 }}", "body", "at most 200000 characters"),
        ("{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}", "body", "nested too deeply"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(source: str, place: str, message: str) -> None:
    for compiled in (compile_text, compile_value):
        with pytest.raises(TemplateError) as refused:
            compiled(source, at="body")

        assert refused.value.path == "body"
        assert place in str(refused.value)
        assert message in str(refused.value)


@pytest.mark.parametrize("attribute", ["__class__", "mro", "__init__.__globals__", "items", "format", "_left"])
def test_nothing_of_python_can_be_reached(attribute: str) -> None:
    for value in (
        "profile@traits",
        "profile@traits.name",
        "profile@traits.score",
        '"text"',
        "loop",
        "profile@traits.tags",
    ):
        source = f"{{% for x in [1] %}}[{{{{ {value}.{attribute} }}}}]{{% endfor %}}"
        text = source if value == "loop" else source.replace("loop", "x")

        assert filled(text) == "[]"


def test_it_tells_what_it_refers_to_and_where() -> None:
    found = compile_text("Hi {{ profile@traits.name }}\n{{ event@properties.price | round }}").references

    assert [(str(reference), reference.at) for reference in found] == [
        ("profile@traits.name", "line 1, character 7"),
        ("event@properties.price", "line 2, character 4"),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)
FILTERS = [
    *("default('x')", "upper", "lower", "title", "capitalize", "trim", "truncate(3)", "replace('a', 'b')", "split"),
    *(
        "urlencode",
        "json",
        "lines",
        "join",
        "first",
        "last",
        "take(2)",
        "length",
        "pluck('a')",
        "unique",
        "sort",
        "sum",
    ),
    *("items", "round(2)", "number(2)", "money('EUR')", "date"),
    *("hash", "mask(2)", "base64", "unbase64", "slug", "remove('a')", "type", "min", "max"),
]


@given(JSON, st.lists(st.sampled_from(FILTERS), max_size=3), st.sampled_from(sorted(CHANNELS)))
def test_whatever_a_value_is_it_is_filled_in_or_fails_in_words(value: Any, filters: list[str], channel: str) -> None:
    source = "{{ " + " | ".join(["payload@v", *filters]) + " }}"
    scope = {"payload": {"v": value}}

    for template in (compile_text(f"a{source}", channel=channel), compile_value(source)):
        with suppress(Failure):
            template(scope)


@given(st.text(max_size=40))
def test_no_text_gets_out_of_its_place(value: str) -> None:
    scope = {"payload": {"v": value}}

    written = compile_text("<p title='{{ payload@v }}'>", channel="html")(scope)
    assert not set("<>\"'") & set(written[len("<p title='") : -len("'>")])
    assert html.unescape(written) == f"<p title='{value}'>"
    assert json.loads(compile_text('["{{ payload@v }}"]', channel="json")(scope)) == [value]
    if value.strip().strip("."):
        in_address = compile_text("/a/{{ payload@v }}/b", channel="url")(scope)
        assert in_address.count("/") == 3
        assert unquote(in_address) == f"/a/{value}/b"
