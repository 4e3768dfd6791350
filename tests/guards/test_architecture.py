"""ARCHITECTURE.md tells the story of an event as the pipeline has it, and which apps there are."""

import re

from apps.collector import pipeline
from cdp.processes import BASE_DIR

APPS = re.compile(r"^## The apps\n\n```\n(.*?)^```", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^(\d+)\. \*\*(\w+)\*\* \(`(stages/\w+\.py)`\):", re.MULTILINE)


def test_each_stage_is_a_step_of_the_story_in_its_order() -> None:
    told = STEP.findall((BASE_DIR / "ARCHITECTURE.md").read_text())

    before, under_locks = (*pipeline.CHECKS, *pipeline.READING), (*pipeline.LOOKING_UP, *pipeline.IN_TURN)
    stages = [stage.__name__ for stage in (*before, *under_locks, *pipeline.STORING, pipeline.announce)]
    assert told == [(str(place), name, f"stages/{name}.py") for place, name in enumerate(stages, 1)]


def test_there_is_no_file_of_a_stage_that_the_pipeline_does_not_have() -> None:
    told = {name for _, _, name in STEP.findall((BASE_DIR / "ARCHITECTURE.md").read_text())}

    assert {f"stages/{path.name}" for path in (BASE_DIR / "apps/collector/stages").glob("[a-z]*.py")} == told


def test_each_app_has_a_line_in_the_list_of_apps_and_nothing_else_has() -> None:
    [told] = APPS.findall((BASE_DIR / "ARCHITECTURE.md").read_text())
    listed = {line.split()[0] for line in told.splitlines()}
    apps = {path.parent.name for path in BASE_DIR.glob("apps/*/__init__.py")}

    assert apps - listed == set(), 'Say in "The apps" of ARCHITECTURE.md, in a line of its own, what it is for.'
    assert listed - apps == set(), 'There is no such app: take its line out of "The apps" of ARCHITECTURE.md.'
