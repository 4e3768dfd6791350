"""Each stage can be followed by hand: an ordinary event of somebody known leads it through few functions of ours."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from apps.collector import pipeline
from cdp.processes import BASE_DIR
from tests.shop import Shop

MAX_FUNCTIONS = 20  # of one stage, itself among them; CONTRIBUTING.md, "A stage of the pipeline"
GROUPS = ("CHECKS", "READING", "LOOKING_UP", "IN_TURN", "STORING")
OURS = str(BASE_DIR / "apps")
Stage = Callable[..., None]


def watched(stage: Stage, seen: set[CodeType]) -> Stage:
    """Let a stage note which functions of ours it leads through; what Python names in brackets is a part of a line."""

    def note(frame: Any, event: str, _value: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(OURS) and not code.co_name.startswith("<"):
            seen.add(code)

    def run(*parts: Any) -> None:
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            stage(*parts)
        finally:
            sys.setprofile(before)

    return run


@pytest.mark.django_db
def test_no_stage_leads_through_more_functions_than_can_be_followed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[CodeType]] = {}
    for group in GROUPS:
        stages = [(stage, seen.setdefault(stage.__name__, set())) for stage in getattr(pipeline, group)]
        monkeypatch.setattr(pipeline, group, [watched(*each) for each in stages])
    fewest: dict[str, set[CodeType]] = {}
    for _ in range(4):  # the first time configuration is read, and Anna is made; it may be read again another time
        shop.call("page", userId="anna", properties={"url": "https://shop.example/"})
        for stage, codes in seen.items():
            fewest[stage] = min(fewest.get(stage, codes), codes, key=len).copy()
            codes.clear()

    assert all(fewest.values())
    assert {
        stage: sorted(f"{Path(code.co_filename).stem}.{code.co_name}" for code in codes)
        for stage, codes in fewest.items()
        if len(codes) > MAX_FUNCTIONS
    } == {}
