"""Whatever a template makes of long lists and texts, it is bounded; what is usual is far from it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.event_types.operations import same
from apps.flows.engine.moves import Failure
from apps.flows.templates import compile_text, compile_value, work

ITEMS = [{"name": f"n{at}", "price": at % 7} for at in range(20_000)]
SCOPE = {"payload": {"items": ITEMS, "names": [each["name"] for each in ITEMS], "long": "ab," * 150_000, "n": 10**300}}
ROUNDS = "{% for a in payload@items | take(200) %}"


@pytest.mark.parametrize(
    "source",
    [
        ROUNDS + "{% if payload@names | join | length == 1 %}x{% endif %}{% endfor %}",
        ROUNDS + "{% if payload@names | unique | length == 1 %}x{% endif %}{% endfor %}",
        ROUNDS + '{% if payload@items | pluck("price") | sum == 1 %}x{% endif %}{% endfor %}',
        ROUNDS + "{% if payload@long | upper | length == 1 %}x{% endif %}{% endfor %}",
        ROUNDS + "{% if payload@long | split | length == 1 %}x{% endif %}{% endfor %}",
        ROUNDS + '{% if payload@items == payload@items | sort("name") %}x{% endif %}{% endfor %}',
        ROUNDS + '{% if "x" in payload@names %}x{% endif %}{% endfor %}',
        ROUNDS + '{% if "x" is in payload@names %}x{% endif %}{% endfor %}',
        ROUNDS + "{% if payload@items | json | length == 1 %}x{% endif %}{% endfor %}",
        ROUNDS + "{% if (payload@long ~ payload@long) | length == 1 %}x{% endif %}{% endfor %}",
        "{{ (" + " ~ ".join(["payload@long"] * 40) + ") | length }}",
        "{{ (" + " + ".join(["payload@long"] * 40) + ") | length }}",
        "{{ (" + " + ".join(["payload@items"] * 40) + ") | length }}",
        "{{ [" + ", ".join(["payload@items"] * 40) + "] | json }}",
    ],
)
def test_what_is_too_much_work_fails_in_words(source: str) -> None:
    for template in (compile_text(source), compile_value([source])):
        with pytest.raises(Failure, match=r"too much work|longer than"):
            template(SCOPE)


def test_all_values_of_one_document_share_what_work_may_be() -> None:
    with pytest.raises(Failure, match="too much work"):
        compile_value({f"v{at}": "payload@items" for at in range(100)})(SCOPE)


@pytest.mark.parametrize("source", ["{{ " + " * ".join(["payload@n"] * 20) + " }}", "{{ payload@n * payload@n }}"])
def test_numbers_do_not_grow_without_end(source: str) -> None:
    with pytest.raises(Failure, match="too large"):
        compile_value(source)(SCOPE)


def test_rounds_that_take_too_long_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr(work, "thread_time", lambda: float(next(ticks)))

    with pytest.raises(Failure, match="too much work"):
        compile_text("{% for a in payload@items | take(100) %}{% endfor %}")(SCOPE)


def test_each_filling_may_be_as_much_work_as_all_others() -> None:
    template = compile_value("{{ payload@items | pluck('price') | sum }}")

    assert {template(SCOPE) for _ in range(20)} == {sum(at % 7 for at in range(20_000))}


def test_the_usual_with_long_lists_is_far_from_too_much() -> None:
    table = "{% for item in payload@items | take(1000) %}{{ loop.index }} of {{ payload@items | length }} "
    table += "{{ item.name ~ ':' }}{{ item.price * 2 + 1 }}{% if item.price > 3 %}!{% endif %}{% endfor %}"

    assert compile_text(table)(SCOPE).startswith("1 of 20000 n0:12 of 20000 n1:3")


def test_what_is_joined_is_written_as_it_is_everywhere() -> None:
    scope: dict[str, Any] = {"payload": {"none": None, "whole": 3.0, "list": [1], "yes": True}}

    assert compile_text('{{ "a" ~ payload@none ~ payload@whole ~ payload@list ~ payload@yes }}')(scope) == "a3[1]true"
    assert compile_value('{{ "a" + "b" }}')(scope) == "ab"
    assert compile_value("{{ payload@list + payload@list }}")(scope) == [1, 1]


SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 1.5]) | st.sampled_from(["", "1"])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)


@given(st.lists(JSON, max_size=12))
def test_each_item_is_there_once_as_sameness_has_it(values: list[Any]) -> None:
    naive: list[Any] = []
    for value in values:
        if not any(same(value, each) for each in naive):
            naive.append(value)

    assert repr(compile_value("{{ payload@v | unique }}")({"payload": {"v": values}})) == repr(naive)
