"""docs/flows.md says what is so: each key of a definition, an example that can be published, commands that work."""

import dataclasses
import json
import re
import shlex
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.typed_settings import settings_of
from apps.flows import definition
from apps.flows.changing.publishing import People, first_draft
from apps.flows.definition import parts
from apps.flows.describing import words
from apps.flows.models import Flow, Run
from apps.flows.runs.pausing import Policy
from apps.segments.models import Segment
from cdp.processes import BASE_DIR
from tests.bridges.factories import ConnectionFactory
from tests.factories import ConsentTypeFactory, EventTypeFactory, SegmentFactory
from tests.flows.drawing import drawn, published, saved

pytestmark = pytest.mark.django_db
TEXT = (BASE_DIR / "docs/flows.md").read_text()
KEYS = TEXT.partition("## The definition")[2].partition("### An example")[0]
[EXAMPLE] = (json.loads(block) for block in re.findall(r"```json\n(.+?)```", TEXT, re.DOTALL))
COMMANDS = re.findall(r"^manage\.py flow(.*)$", TEXT, re.MULTILINE)


@pytest.fixture
def shop() -> None:
    """What the example names."""
    ConnectionFactory(name="Shop mail", kind="smtp")
    ConsentTypeFactory(id="marketing-email")
    for type in ("checkout-started", "sale-completed"):
        if not definition_knows(type):
            EventTypeFactory(type=type)


def definition_knows(type: str) -> bool:
    from apps.events.models import EventType

    return EventType.objects.filter(type=type).exists()


def keys() -> set[str]:
    """Name all keys that a definition may have, at whatever depth."""
    shapes: list[Any] = [parts.Entry, parts.Options, parts.GoalPart, parts.Retry, parts.Edge, *parts.TRIGGERS.values()]
    found = {setting.name for shape in shapes for setting in settings_of(shape)}
    return found | {field.name for shape in (parts.NodePart, parts.Definition) for field in dataclasses.fields(shape)}


def test_each_key_is_told_of() -> None:
    told = set(re.findall(r"[`\"](\w+)[`\"]", KEYS))

    assert keys() - told - {"options"} == set()  # which is no key: what is in it stands beside `nodes`


def test_each_kind_of_trigger_each_policy_and_each_ending_is_told_of() -> None:
    triggers = KEYS.partition("### Triggers")[2].partition("### Entry")[0]
    rows = re.findall(r"^\| `(\w+)` \|", triggers, re.MULTILINE)
    endings = re.findall(
        r"^\| (.+?) \|", TEXT.partition("## How a run ends")[2].partition("## What counts")[0], re.MULTILINE
    )

    assert rows == list(parts.TRIGGERS)
    assert [label.lower() for label in Run.Status.labels] == endings[1:]
    assert len(People) == len(Policy) == 3


def test_the_example_can_be_published_and_says_what_is_written_above_it(shop: None) -> None:
    row = Flow(key="abandoned-cart", name="Abandoned cart", draft=EXAMPLE)

    doubts = definition.check(EXAMPLE, row)  # nobody has ordered anything yet
    assert [str(each) for each in doubts if not each.is_warning or "was not seen yet" not in each.message] == []
    saved(row, revision=0, is_unfinished=False)
    assert published(row).number == 1
    assert words.triggers(EXAMPLE) == ["When checkout-started happens, if event@properties.value >= 20."]
    assert words.entry(EXAMPLE)[0] == "Each person enters once for each event@properties.order_id, ever."


def test_each_command_works(shop: None, capsys: pytest.CaptureFixture[str]) -> None:
    drawn(key="abandoned-cart", name="Abandoned cart", draft=EXAMPLE)
    SegmentFactory(key="regulars", kind=Segment.Kind.FLOW)
    published(drawn(key="regulars", kind=Flow.Kind.SEGMENTATION, draft=first_draft(Flow.Kind.SEGMENTATION)))
    call_command("flow", "on", "regulars")

    assert len(COMMANDS) == 14
    for command in COMMANDS:
        call_command("flow", *shlex.split(command))
    told = capsys.readouterr().out
    assert "Version 1 is published." in told
    assert '"format": "cdp-flow-1"' in told
    with pytest.raises(CommandError):
        call_command("flow", "publish", "abandoned-cart")
