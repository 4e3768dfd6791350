"""Flows tried and tested from the command line."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.flows.models import Flow
from tests.factories import ProfileFactory
from tests.flows.drawing import drawn, redrawn
from tests.flows.trying.test_cases import draft, kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command, and return what it printed, line by line."""

    def run(*args: str) -> list[str]:
        call_command("flow", *args)
        return capsys.readouterr().out.splitlines()

    return run


@pytest.fixture(autouse=True)
def row() -> Flow:
    return drawn(draft=draft('profile@traits.plan = "pro"'))


def test_a_draft_is_tried_on_somebody_step_by_step(flow: Any) -> None:
    anna = ProfileFactory(traits={"plan": "pro"})

    start, asks, end, how = flow("try", "welcome", "--person", str(anna.pk), "--event-type", "seen")
    told = json.loads("".join(flow("try", "welcome", "--json", "--stop")))

    assert start.endswith("start (start), by out")
    assert asks.endswith("asks (condition), by true, condition is True")
    assert end.endswith("end (end)")
    assert how.startswith("finished at end, ")
    assert (told["profile_id"], told["path"]) == (None, ["start.out", "asks.false", "end"])


def test_what_is_misspelt_is_refused(flow: Any) -> None:
    with pytest.raises(CommandError, match="no flow wellcome"):
        flow("try", "wellcome")
    with pytest.raises(CommandError, match="profile_id: This is no id"):
        flow("try", "welcome", "--person", "anna")


def test_cases_are_tested_and_those_that_fail_stop_publishing(flow: Any, row: Flow) -> None:
    assert flow("test", "welcome") == ["There are no cases."]
    kept(row, trial={"profile": {"traits": {"plan": "pro"}}})
    assert flow("test", "welcome") == ["A big one: as expected", "1 cases, all as expected."]

    redrawn(row, **draft('profile@traits.plan = "free"'))

    with pytest.raises(CommandError, match="1 of 1 cases fail"):
        flow("test", "welcome")
    with pytest.raises(CommandError, match="A big one: It went"):
        flow("publish", "welcome")
    assert flow("publish", "welcome", "--ignore-cases")[-1].startswith("Version 1 is published.")
