"""Values on pages: readable, and never markup of whoever sent them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.admin import shown
from apps.core.ids import new_id

EVIL = "<script>alert('\"&')</script>"
ESCAPED = "&lt;script&gt;alert(&#x27;&quot;&amp;&#x27;)&lt;/script&gt;"


@pytest.mark.parametrize(
    "show",
    [
        shown.tree,
        lambda text: shown.tree({text: text}),
        lambda text: shown.tree([[{"a": {text: [text]}}]]),
        shown.json_text,
        lambda text: shown.json_text(f'["{EVIL[:17]}"]') + text.replace(EVIL, ESCAPED),
        shown.snippet,
        shown.copyable,
        shown.badge,
        lambda text: shown.badge("x", text),
        lambda text: shown.link("events_event", new_id(), text),
        lambda text: shown.rows([(text, text, text)]),
    ],
)
def test_what_others_wrote_is_text_and_no_markup(show: Any) -> None:
    html = show(EVIL)

    assert "<script" not in html
    assert ESCAPED in html


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(TREES)
def test_any_value_can_be_shown(value: Any) -> None:
    html = shown.tree(value)

    assert html.count("<dl") == html.count("</dl>")
    assert html.count("<li>") == html.count("</li>")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, ">0<"),
        (0.0, ">0<"),
        (2.5, ">2.5<"),
        (True, ">yes<"),
        (False, ">no<"),
        ("a", ">a<"),
        ({"a": 0}, "<dt>a</dt>"),
    ],
)
def test_zero_and_false_are_values(value: Any, text: str) -> None:
    assert text in shown.tree(value)


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_nothing_is_shown_as_nothing(value: Any) -> None:
    assert shown.tree(value) == shown.NOTHING
    assert shown.link("events_event", value, "text") == shown.NOTHING


def test_no_time_and_no_lines_are_nothing() -> None:
    assert shown.moment(None) == shown.rows([]) == shown.NOTHING


def test_a_time_is_the_operators_and_tells_the_exact_one(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"

    html = shown.moment(datetime(2026, 11, 23, 12, 0, 0, 123, tzinfo=UTC))

    assert ">2026-11-23 21:00:00<" in html
    assert 'title="2026-11-23T12:00:00.000123+00:00"' in html


@pytest.mark.parametrize(
    "text", ["{", "[" * 900 + "]" * 900, "x" * 100_000, '{"a": "' + "x" * 100_000 + '"}', "\x00\ud800"]
)
def test_a_body_that_is_no_tree_is_shown_as_it_came_as_far_as_a_page_can_hold(text: str) -> None:
    html = shown.json_text(text)

    assert html.startswith("<pre")
    assert len(html) < shown.MAX_SHOWN + 200
