"""Interests are scored and ranked; people move between segments, and are in them as conditions say."""

from typing import Any

import pytest

from apps.flows.engine.moves import Change, Fail, Go, Membership
from apps.flows.node import kinds
from apps.flows.testing import refused, story, visit
from apps.segments.models import Segment
from tests.factories import SegmentFactory
from tests.flows.nodes.documents import flow

VIEW = {"type": "t", "properties": {"category": "Blue Shoes", "dotted": "a.b", "points": "2.5", "nested": {"a": 1}}}


def one(kind: str, settings: dict[str, Any], **known: Any) -> Any:
    nodes = {"start": "start", "it": (kind, settings), "end": "end", "wrong": "end"}
    return story(flow(nodes, "start -> it", "it -> end", "it.error -> wrong"), event=VIEW, **known)


def test_an_interest_is_scored_by_the_name_that_the_event_says() -> None:
    interest = {"interest": "{{ event@properties.category | slug }}"}

    assert one("score-interest", interest).person.profile.interests == {"blue-shoes": 1}
    for operation, score in (("add", 4.5), ("subtract", -0.5), ("equals", 2.5)):
        said = {**interest, "operation": operation, "points": "event@properties.points"}
        assert one("score-interest", said, profile={"interests": {"blue-shoes": 2}}).person.profile.interests == {
            "blue-shoes": score
        }


def test_the_name_of_an_interest_may_have_any_characters() -> None:
    assert one("score-interest", {"interest": "event@properties.dotted"}).person.profile.interests == {"a.b": 1}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"interest": "event@properties.gone"}, "The name is empty."),
        ({"interest": "{{ event@properties.category }}" + "x" * 100}, "The name is longer than 100 characters."),
        ({"interest": "a", "points": "event@properties.category"}, "The points are no number."),
        ({"interest": "a", "points": "event@properties.nested"}, "The points are no number."),
    ],
)
def test_what_is_no_score_leaves_by_error(settings: dict[str, Any], reason: str) -> None:
    assert visit("score-interest", settings, event=VIEW) == Fail(reason)


def test_a_score_stays_where_nobody_knows_by_how_much() -> None:
    told: dict[str, Any] = {}

    assert visit("score-interest", {"interest": "a", "points": "event@properties.gone"}, event=VIEW, told=told) == Go()
    assert told == {"missing": ["interests.a"]}


def test_whoever_is_in_a_segment_moves_to_another() -> None:
    settings = {"leaves": "newcomers", "enters": "regulars"}

    assert one("move-segment", settings, segments=["newcomers", "vip"]).person.segments == {"regulars", "vip"}
    assert one("move-segment", settings, segments=["vip"]).person.segments == {"vip"}
    anybody = {**settings, "only_members": False}
    assert one("move-segment", anybody, segments=["vip"]).person.segments == {"regulars", "vip"}
    assert one("move-segment", settings, segments=[]).path == ["start.out", "it.out", "end."]


def test_a_condition_says_who_is_in_a_segment() -> None:
    met = {"segment": "fans", "condition": 'event@properties.category = "Blue Shoes"'}
    unmet = {**met, "condition": 'event@properties.category = "Hats"'}
    unknown = {**met, "condition": "event@properties.gone > 1"}

    assert one("segment-by-condition", met).person.segments == {"fans"}
    assert one("segment-by-condition", unmet, segments=["fans"]).person.segments == set()
    assert one("segment-by-condition", unknown, segments=["fans"]).person.segments == set()
    stays = {**unknown, "unknown": "stays"}
    assert one("segment-by-condition", stays, segments=["fans"]).person.segments == {"fans"}


TABLE = [{"interest": name, "segment": f"likes-{name}"} for name in ("shoes", "hats", "coats")]


def ranked(scores: Any, **settings: Any) -> tuple[list[str], set[str], set[str]]:
    move = visit("rank-interests", {"interests": TABLE, **settings}, profile={"interests": scores}, payload={"a": 1})
    assert isinstance(move, Go)
    assert move.payload["a"] == 1
    entered = {each.segment for each in move.memberships if each.is_in}
    left = {each.segment for each in move.memberships if not each.is_in}
    return move.payload["interests"], entered, left


def test_the_highest_scores_decide_on_segments_and_the_others_are_left() -> None:
    scores = {"shoes": 2, "hats": 7.5, "coats": 2, "other": 99}

    assert ranked(scores) == (["hats"], {"likes-hats"}, {"likes-shoes", "likes-coats"})
    assert ranked(scores, top=2)[0] == ["hats", "shoes"]
    assert ranked(scores, top=3, least=3)[0] == ["hats"]


@pytest.mark.parametrize("scores", [None, {}, [], {"shoes": "9", "hats": True, "coats": 0.5}])
def test_who_has_no_score_is_in_none_of_the_segments(scores: Any) -> None:
    assert ranked(scores) == ([], set(), {"likes-shoes", "likes-hats", "likes-coats"})


def test_a_segment_of_several_interests_is_entered_by_any() -> None:
    table = [{"interest": name, "segment": "likes-clothes"} for name in ("shoes", "hats")]

    move = visit("rank-interests", {"interests": table}, profile={"interests": {"hats": 3}})

    assert isinstance(move, Go)
    assert move.memberships == (Membership("likes-clothes", is_in=True),)


def test_nodes_name_the_segments_that_they_decide_about() -> None:
    said = kinds["move-segment"]
    assert said.segments_of(said.Settings(leaves="a", enters="b")) == (("a", False), ("b", True))
    by = kinds["segment-by-condition"]
    assert by.segments_of(by.Settings(segment="a", condition="")) == (("a", True), ("a", False))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field", "message"),
    [
        ("move-segment", {"leaves": "by-flows", "enters": "by-flows"}, "enters", "that they leave"),
        ("move-segment", {"leaves": "by-flow", "enters": "by-flows"}, "leaves", "Did you mean by-flows?"),
        ("move-segment", {"leaves": "by-flows", "enters": "by-condition"}, "enters", "goes by a condition"),
        ("segment-by-condition", {"segment": "by-condition", "condition": "1 = 1"}, "segment", "goes by a condition"),
        ("segment-by-condition", {"segment": "by-flows", "condition": "1 ="}, "condition", "Expected"),
        ("rank-interests", {"interests": []}, "interests", "1 to 50"),
        (
            "rank-interests",
            {"interests": [{"interest": "a", "segment": "by-flows"}] * 2},
            "interests.1.interest",
            "a is there twice",
        ),
        (
            "rank-interests",
            {"interests": [{"interest": "a", "segment": "by-flow"}]},
            "interests.0.segment",
            "Did you mean by-flows?",
        ),
        ("score-interest", {"interest": "a", "points": [1]}, "points", "Expected a number"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(kind: str, settings: Any, field: str, message: str) -> None:
    SegmentFactory(key="by-flows", kind=Segment.Kind.FLOW, condition="")
    SegmentFactory(key="by-condition")

    found = refused(kind, settings)

    assert list(found) == [field]
    assert message in found[field]


def test_a_score_is_a_change_that_loses_nothing_of_others() -> None:
    move = visit("score-interest", {"interest": "shoes", "points": 5})

    assert move == Go(changes=(Change("add", "interests.shoes", 5),))
