"""The builder draws any condition and gives it back unchanged: run in Node, as browsers run it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from apps.conditions import Condition, ConditionError, parse
from apps.core.admin.conditions.builder import from_builder, to_builder
from cdp.processes import BASE_DIR
from tests.conditions.strategies import CONDITIONS
from tests.laws import examples

MODEL = BASE_DIR / "static" / "cdp" / "condition" / "model.js"
# Reads trees, one a line; draws each, and writes what the drawing says.
THERE_AND_BACK = f"""
import {{ toGroup, toTree }} from {json.dumps(MODEL.as_uri())}
import {{ createInterface }} from "node:readline"
for await (const line of createInterface({{ input: process.stdin }})) {{
    const skipped = []
    const condition = toTree(toGroup(JSON.parse(line).condition), (row) => skipped.push(row))
    console.log(JSON.stringify({{ version: 1, condition, skipped }}))
}}
"""


Draw = Callable[[Condition], dict[str, Any]]


@pytest.fixture(scope="module")
def draw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Draw]:
    """Draw a condition, and return what the drawing says."""
    script = tmp_path_factory.mktemp("js") / "there_and_back.mjs"
    script.write_text(THERE_AND_BACK)
    with subprocess.Popen(["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin
        assert node.stdout
        writing, reading = node.stdin, node.stdout

        def there_and_back(condition: Condition) -> dict[str, Any]:
            writing.write(f"{json.dumps(to_builder(condition))}\n")
            writing.flush()
            answer: dict[str, Any] = json.loads(reading.readline())
            return answer

        yield there_and_back
        writing.close()


@settings(max_examples=examples(100, nightly=5_000), suppress_health_check=list(HealthCheck))
@given(condition=CONDITIONS)
def test_whatever_is_drawn_says_the_same(draw: Draw, condition: Condition) -> None:
    answer = draw(condition)

    assert answer.pop("skipped") == []
    assert from_builder(answer) == condition


@pytest.mark.parametrize(
    "text",
    [
        "profile@a = 9007199254740993",  # JavaScript has no such number
        "1 = profile@a",
        "length(lowercase(profile@a)) > 3",
        "ANY(profile@orders WHERE item@price > 5)",
        "profile@a = [1, 2]",
    ],
)
def test_what_cannot_be_drawn_is_shown_as_text(text: str, draw: Draw) -> None:
    assert draw(parse(text))["condition"] == {"type": "text", "text": text}


@pytest.mark.parametrize(
    "text",
    [
        "profile@data.pii.age >= 18",
        "age(profile@data.pii.birthday) BETWEEN 18 AND 30",
        'profile@traits.plan NOT IN ["pro", "team"]',
        "profile@last_seen_at < now() - 30 DAYS",
        'DID NOT("purchase" WHERE event@properties.amount > 50 LAST 180 DAYS)',
        'SUM(event@properties.amount OF "purchase" SINCE "2026-01-01") > 100',
        'NOT SEQUENCE("view" THEN "purchase" WITHIN 3 DAYS LAST 90 DAYS)',
        'CONSENTED("letters")',
        'NOT WITHDREW("letters") AND NOT NEVER ASKED("letters")',
        'NOT (profile@a = 1 OR profile@b NOT CONTAINS "x")',
    ],
)
def test_what_marketers_ask_is_drawn(text: str, draw: Draw) -> None:
    answer = draw(parse(text))

    assert '"type": "text"' not in json.dumps(answer)
    assert str(from_builder({"version": 1, "condition": answer["condition"]})) == text


def test_texts_among_rows_are_read_and_their_mistakes_located() -> None:
    good = {"type": "text", "text": "profile@a = 1 OR profile@b = 2"}
    document = {"version": 1, "condition": {"type": "not", "item": good}}
    assert str(from_builder(document)) == "NOT (profile@a = 1 OR profile@b = 2)"

    broken = {"type": "and", "items": [good, {"type": "text", "text": "profile@a ="}]}
    with pytest.raises(ConditionError) as caught:
        from_builder({"version": 1, "condition": broken})
    assert caught.value.path == "condition.items.1"
