"""Cases of a flow: what was tried is kept, tested, asked for before publishing, and goes with whom it is of."""

from typing import Any

import pytest

from apps.core.mistakes import DefinitionError
from apps.core.models import AuditEntry
from apps.events.models import Event
from apps.flows.changing import publishing
from apps.flows.changing.publishing import People, Tries
from apps.flows.models import Flow, FlowCase, FlowVersion
from apps.flows.personal import Cases
from apps.flows.trying import cases, trials
from apps.flows.trying.cases import CasesFail
from apps.profiles import holdings
from tests.factories import ANNA, NOON, EventFactory, ProfileFactory
from tests.flows.drawing import drawn, redrawn

pytestmark = pytest.mark.django_db
TOTAL = "event@properties.total > 100"
BIG = {"profile": {"name": "Anna"}, "event": {"type": "sale-completed", "properties": {"total": 200}}}
WAY = {"path": ["start.out", "asks.true", "end"], "end": "finished"}


def draft(condition: str = TOTAL) -> dict[str, Any]:
    return {
        "triggers": [{"id": "t1", "kind": "manual"}],
        "nodes": [
            {"id": "start", "kind": "start"},
            {"id": "asks", "kind": "condition", "settings": {"condition": condition}},
            {"id": "end", "kind": "end"},
        ],
        "edges": [
            {"from": "start", "to": "asks"},
            {"from": "asks", "port": "true", "to": "end"},
            {"from": "asks", "port": "false", "to": "end"},
        ],
    }


@pytest.fixture
def flow() -> Flow:
    return drawn(draft=draft())


def kept(row: Flow, name: str = "A big one", trial: Any = BIG, expected: Any = WAY) -> FlowCase:
    case = FlowCase(flow=row, name=name, trial=trial, expected=expected)
    cases.keep(case, actor=ANNA, now=NOON)
    return case


def failures(row: Flow) -> list[str]:
    row.refresh_from_db()
    return [told for each in cases.run(row, now=NOON, sees_people=True) for told in each.failures]


def publish(row: Flow, **said: Any) -> FlowVersion:
    row.refresh_from_db()
    return publishing.publish(
        row.pk, revision=row.draft_revision, people=People.FINISH, note="", actor=ANNA, now=NOON, **said
    )


def test_a_case_comes_out_as_expected_until_the_flow_goes_another_way(flow: Flow) -> None:
    kept(flow)
    assert failures(flow) == []

    redrawn(flow, **draft("event@properties.total > 500"))

    assert failures(flow) == ["It went start.out → asks.false → end, and was to go start.out → asks.true → end."]


def test_what_holds_at_the_end_is_judged_by_conditions(flow: Flow) -> None:
    holds = ['profile@name = "Anna"', "event@properties.total = 7"]
    kept(flow, expected={"holds": holds, "end": "failed"})

    assert failures(flow) == [
        "It came to the end finished, and was to come to failed.",
        f"This did not hold at the end: {holds[1]}.",
    ]


def test_a_case_whose_flow_cannot_be_compiled_says_so(flow: Flow) -> None:
    kept(flow)
    redrawn(flow, nodes=[{"id": "start", "kind": "no-such-kind"}])

    assert "no kind of node" in failures(flow)[0]


def test_a_case_that_comes_to_the_end_of_calendars_fails(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "END_YEAR", 10_000)
    kept(flow, trial={**BIG, "now": "9999-12-31T12:00:00Z"})

    assert failures(flow) == ["now: It would come to a time beyond all calendars."]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"expected": {"holds": ["memory@x ="]}}, "expected.holds.0"),
        ({"expected": {"holds": ['COUNT(event@type = "x") > 1']}}, "expected.holds.0"),
        ({"name": "A big one"}, "name"),
        ({"name": ""}, "name"),
        ({"trial": {"profile_id": "01890000-0000-7000-8000-000000000000"}}, "profile_id"),
    ],
)
def test_a_case_that_cannot_be_is_refused_by_its_field(flow: Flow, parts: dict[str, Any], field: str) -> None:
    kept(flow)

    with pytest.raises(DefinitionError) as error:
        kept(flow, **{"name": "Another", **parts})

    assert error.value.field == field
    assert FlowCase.objects.count() == 1


def test_a_case_of_an_event_outlives_it(flow: Flow) -> None:
    anna = ProfileFactory()
    event = EventFactory(profile_id=anna.pk, type="sale-completed", properties={"total": 300})
    case = kept(flow, trial={"event_id": str(event.pk)})
    Event.objects.all().delete()

    assert (case.profile_id, case.trial["event"]["properties"]) == (event.original_profile_id, {"total": 300})
    assert "event_id" not in case.trial
    assert failures(flow) == []


def test_a_case_goes_with_the_person_of_whom_it_is_and_is_of_one_alone(flow: Flow) -> None:
    anna, bob = ProfileFactory(), ProfileFactory()
    event = EventFactory(profile_id=bob.pk, original_profile_id=bob.pk)
    kept(flow, "Anna", {"profile_id": str(anna.pk)}, {})
    kept(flow, "Bob", {"profile": {"name": "X"}, "event_id": str(event.pk)}, {})
    kept(flow, "Nobody")
    with pytest.raises(DefinitionError, match="several people"):
        kept(flow, "Both", {"profile_id": str(anna.pk), "event_id": str(event.pk)}, {})

    holding = holdings.holdings[Cases.name]
    assert [row["name"] for row in holding.rows(holdings.person_of(bob))] == ["Bob"]
    assert holding.erase(holdings.person_of(bob), limit=10) == 1
    assert set(FlowCase.objects.values_list("name", flat=True)) == {"Anna", "Nobody"}


def test_failing_cases_have_to_be_confirmed_before_a_flow_is_published(flow: Flow) -> None:
    kept(flow)
    first = publish(flow)
    redrawn(flow, **draft("event@properties.total > 500"))

    with pytest.raises(CasesFail, match="A big one: It went"):
        publish(flow)
    assert flow.versions.count() == 1

    publish(flow, tries=Tries.NONE)
    said: dict[str, Any] = {"people": People.FINISH, "note": "", "actor": ANNA, "now": NOON}
    assert publishing.roll_back(first.pk, **said).number == 3
    second = flow.versions.get(number=2)
    with pytest.raises(CasesFail):
        publishing.roll_back(second.pk, **said)


def test_how_a_case_of_somebody_fails_is_told_only_to_whoever_may_see_people(flow: Flow) -> None:
    anna = ProfileFactory(email="anna@example.org")
    kept(flow, "Anna", {**BIG, "profile": None, "profile_id": str(anna.pk)})
    kept(flow, "Nobody")
    redrawn(flow, **draft('profile@email = "anna@example.com"'))
    went = "It went start.out → asks.false → end, and was to go start.out → asks.true → end."

    def told(tries: Tries) -> list[str]:
        with pytest.raises(CasesFail) as error:
            publish(flow, tries=tries)
        return [text for each in error.value.failing for text in (*each.failures, *each.path)]

    assert told(Tries.FOR_ALL) == [cases.OF_SOMEBODY, went, "start.out", "asks.false", "end"]
    assert told(Tries.FOR_WHO_SEES_PEOPLE).count(went) == 2


def test_what_is_done_with_cases_is_on_record(flow: Flow) -> None:
    case = kept(flow)
    case.name = "A huge one"
    cases.keep(case, actor=ANNA, now=NOON)
    cases.remove(case, actor=ANNA, now=NOON)

    found = AuditEntry.objects.filter(action__endswith="a case").order_by("pk")
    assert {(each.action, each.details["case"]) for each in found} == {
        ("added a case", "A big one"),
        ("changed a case", "A huge one"),
        ("deleted a case", "A huge one"),
    }
