"""What a part of the bench has measured is kept, whatever becomes of the others."""

import json
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from bench import harness

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the connection of the test stay open, and note who asked for one."""
    asked: list[str] = []
    monkeypatch.setattr(connection, "close", lambda: asked.append("close"))
    return asked


def die() -> harness.Figures:
    raise RuntimeError("the database system is in recovery mode")


def test_the_figures_of_each_part_are_kept_before_the_next_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.json"
    seen: list[harness.Figures] = []

    def second() -> harness.Figures:
        seen.append(json.loads(results.read_text()))
        return {"second": 2.0}

    died = harness.run({"one": lambda: {"first": 1.23456}, "two": second}, ["one", "two"], results=results)

    assert died == []
    assert seen == [{"first": 1.235}]
    assert json.loads(results.read_text()) == {"first": 1.235, "second": 2.0}
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["first", "1.235"], ["second", "2.000"]]


def test_a_part_that_dies_is_told_and_the_others_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "results.json"
    results.write_text('{"of": "another run"}')

    died = harness.run({"bad": die, "good": lambda: {"good": 1.0}}, ["bad", "good"], results=results)

    assert died == ["bad"]
    assert json.loads(results.read_text()) == {"good": 1.0}
    told = capsys.readouterr().err
    assert "bad died after" in told
    assert "in recovery mode" in told


def test_a_database_in_recovery_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: list[str]
) -> None:
    connect, tries = connection.ensure_connection, 0

    def recovering() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise OperationalError("the database system is in recovery mode")
        connect()

    monkeypatch.setattr(connection, "ensure_connection", recovering)
    monkeypatch.setattr(harness.time, "sleep", lambda _: None)

    assert harness.run({"one": lambda: {"first": 1.0}}, ["one"], results=tmp_path / "results.json") == []
    assert (tries, served) == (3, ["close"] * 3)


def test_what_a_feature_costs_stands_beside_its_ratio() -> None:
    figures = {"rich_pipeline_ratio": 0.6, "rich_pipeline_cost_us": 79.6}

    assert harness.line("rich_pipeline_ratio", figures).split() == [
        *("rich_pipeline_ratio", "0.600", ">=", "0.60", "(+80", "µs", "an", "event)")
    ]
    assert harness.line("rich_pipeline_cost_us", figures).split() == ["rich_pipeline_cost_us", "79.600"]
