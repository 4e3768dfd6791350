"""Texts are read as what they stand for."""

from typing import Any

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.nodes.data.html_text import text_of_html
from apps.flows.testing import refused, visit

INVALID = Go("invalid")


def read(kind: str, value: Any, known: dict[str, Any] | None = None, **settings: Any) -> Any:
    move = visit("read-as", {"value": "payload@v", "kind": kind, **settings}, payload={"v": value}, **(known or {}))
    return move.payload["read"] if isinstance(move, Go) and move.port == "out" else move


@pytest.mark.parametrize(
    ("kind", "value", "settings", "found"),
    [
        ("json", ' {"a": [1, null, "å"]} ', {}, {"a": [1, None, "å"]}),
        ("json", "null", {}, None),
        ("number", " 1234.5 ", {}, 1234.5),
        ("number", "-1,234,567.25", {}, -1234567.25),
        ("number", "1 234 567", {}, 1234567),
        ("number", "1.234,50", {"decimal_mark": ","}, 1234.5),
        ("number", "1\u00a0234,5", {"decimal_mark": ","}, 1234.5),
        ("number", ",5", {"decimal_mark": ","}, 0.5),
        ("number", 7, {}, 7),
        ("base64", "YmzDpWLDpnI=", {}, "blåbær"),
        ("html", "<p>Hi <b>Anna</b>!</p><script>x</script><p>a &lt; b</p>", {}, "Hi Anna!\na < b"),
    ],
)
def test_a_text_is_read(kind: str, value: Any, settings: dict[str, Any], found: Any) -> None:
    assert read(kind, value, **settings) == found


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("json", "{"),
        ("json", "[" * 60 + "]" * 60),
        ("json", '"\\u0000"'),
        ("json", {"a": 1}),
        ("number", "1,23"),
        ("number", "twelve"),
        ("number", "1e99"),
        ("number", "12,34,567"),
        ("number", None),
        ("number", True),
        ("time", "tomorrow"),
        ("time", "2026-02-30"),
        ("address", "javascript:alert(1)"),
        ("address", "no address"),
        ("address", "https://[x/"),
        ("address", "https://a.no:99999/"),
        ("address", "/?" + "a=1&" * 300),
        ("agent", " "),
        ("base64", "%%%"),
        ("html", "&#" + "1" * 5_000 + ";"),
    ],
)
def test_what_is_none_of_it_leaves_by_invalid(kind: str, value: Any) -> None:
    assert read(kind, value) == INVALID


@pytest.mark.parametrize(
    ("value", "settings", "zone", "found"),
    [
        ("2026-12-31T18:30:00+01:00", {}, "", "2026-12-31T17:30:00+00:00"),
        ("2026-12-31 18:30", {}, "Europe/Oslo", "2026-12-31T18:30:00+00:00"),
        ("2026-07-01", {}, "Europe/Oslo", "2026-06-30T22:00:00+00:00"),
        ("31.12.2026 18:30", {"order": "day_first"}, "Europe/Oslo", "2026-12-31T17:30:00+00:00"),
        ("31.12.2026 18:30", {"order": "day_first", "clocks": "flow"}, "Europe/Oslo", "2026-12-31T18:30:00+00:00"),
        ("7/1/2026, 9:05:07", {"order": "month_first"}, "Europe/Oslo", "2026-07-01T07:05:07+00:00"),
        # Clocks skip half past two on that night: it is when they have just done so.
        ("29/3/2026 02:30", {"order": "day_first"}, "Europe/Oslo", "2026-03-29T01:00:00+00:00"),
        ("25-10-2026 02:30", {"order": "day_first"}, "Europe/Oslo", "2026-10-25T00:30:00+00:00"),
    ],
)
def test_a_time_is_read_by_the_clocks_that_count(value: str, settings: dict[str, Any], zone: str, found: str) -> None:
    assert read("time", value, {"person_zone": zone}, **settings) == found


@pytest.mark.parametrize("value", ["30.2.2026", "13/13/2026", "1.1.26", "31.12.2026 25:00", "1.1.0000"])
def test_a_date_that_does_not_exist_is_none(value: str) -> None:
    assert read("time", value, order="day_first") == INVALID


def test_an_address_has_parts_and_parameters() -> None:
    found = read("address", "https://u:p@Shop.no:8080/søk/%20?q=sko&q=hatt&tom=#topp")

    assert found == {
        "scheme": "https",
        "host": "shop.no",
        "port": 8080,
        "path": "/søk/%20",
        "query": "q=sko&q=hatt&tom=",
        "parameters": {"q": "sko", "tom": ""},
        "fragment": "topp",
    }
    assert read("address", "/cart?step=2")["parameters"] == {"step": "2"}


def test_a_user_agent_has_device_system_and_browser() -> None:
    found = read("agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148")

    assert (found["os"]["name"], found["device"]["type"], found["is_bot"]) == ("iOS", "mobile", False)
    assert read("agent", "Googlebot/2.1 (+http://www.google.com/bot.html)")["is_bot"] is True


@pytest.mark.parametrize(("kind", "n"), [("json", 20_001), ("number", 101), ("html", 20_001), ("address", 8_001)])
def test_what_is_too_long_is_not_read(kind: str, n: int) -> None:
    assert isinstance(read(kind, "1" * n), Fail)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<!-- <b>no</b> <script> -->b<style>p {}</style>c", "abc"),
        ("<ul><li>a<li>b</ul>1 < 2", "a\nb\n1 < 2"),
        ("<td>a</td><td>b</td>\n\n  c&nbsp;&amp;d", "a\nb\nc &d"),
        ("<script>never closed", ""),
        ("<p", "<p"),
    ],
)
def test_html_becomes_the_text_that_is_seen(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("settings", "field"),
    [({"kind": "xml"}, "kind"), ({}, "kind"), ({"kind": "json", "order": "iso"}, "order")],
)
def test_settings_that_cannot_be_are_refused_by_their_field(settings: dict[str, Any], field: str) -> None:
    assert refused("read-as", {"value": "event@type", **settings}).keys() == {field}
