"""ARCHITECTURE.md tells the story of an event as the pipeline has it."""

import re

from apps.collector import pipeline
from cdp.processes import BASE_DIR

STEP = re.compile(r"^(\d+)\. \*\*(\w+)\*\* \(`(stages/\w+\.py)`\):", re.MULTILINE)


def test_each_stage_is_a_step_of_the_story_in_its_order() -> None:
    told = STEP.findall((BASE_DIR / "ARCHITECTURE.md").read_text())

    before, under_locks = (*pipeline.CHECKS, *pipeline.READING), (*pipeline.LOOKING_UP, *pipeline.IN_TURN)
    stages = [stage.__name__ for stage in (*before, *under_locks, *pipeline.STORING, pipeline.announce)]
    assert told == [(str(place), name, f"stages/{name}.py") for place, name in enumerate(stages, 1)]


def test_there_is_no_file_of_a_stage_that_the_pipeline_does_not_have() -> None:
    told = {name for _, _, name in STEP.findall((BASE_DIR / "ARCHITECTURE.md").read_text())}

    assert {f"stages/{path.name}" for path in (BASE_DIR / "apps/collector/stages").glob("[a-z]*.py")} == told
