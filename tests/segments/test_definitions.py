import pytest

from apps.core.mistakes import DefinitionError
from apps.segments import definitions
from apps.segments.models import Membership, Segment
from tests.factories import NOON, MembershipFactory, SegmentFactory

pytestmark = pytest.mark.django_db


def made(key: str, condition: str = 'profile@traits.plan = "pro"', **values: object) -> Segment:
    segment: Segment = SegmentFactory.build(key=key, condition=condition, **values)
    definitions.save(segment)
    return segment


def refused(segment: Segment) -> tuple[str, str]:
    with pytest.raises(DefinitionError) as caught:
        definitions.save(segment)
    return caught.value.field, caught.value.message


def test_condition_is_stored_in_its_canonical_text() -> None:
    made("old", 'profile@traits.plan == "pro"')

    assert Segment.objects.get().condition == 'profile@traits.plan = "pro"'


def test_change_of_meaning_makes_a_new_version_and_awaits_a_rebuild() -> None:
    segment = made("pros")
    Segment.objects.update(evaluated_at=NOON, size=5)
    first = Segment.objects.get().version

    segment.condition = 'profile@traits.plan = "team"'
    assert definitions.save(segment)

    again = Segment.objects.get()
    assert (again.version, again.evaluated_at, again.size) == (first + 1, None, 5)
    assert definitions.version_now() == again.version


def test_other_name_means_the_same() -> None:
    segment = made("pros")
    Segment.objects.update(evaluated_at=NOON)
    segment = Segment.objects.get()
    version = segment.version

    segment.name = "Professionals"
    assert not definitions.save(segment)

    again = Segment.objects.get()
    assert (again.name, again.version, again.evaluated_at) == ("Professionals", version, NOON)


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"condition": "profile@traits.plan ="}, "condition", "Line 1, column"),
        ({"condition": 'event@type = "purchase"'}, "condition", "event@type cannot be asked about here"),
        ({"condition": "profile@data.pii EXISTS", "key": "Not a key"}, "key", "small letters"),
        ({"condition": "profile@data.pii EXISTS", "name": ""}, "name", "blank"),
        ({"kind": "list", "condition": "profile@data.pii EXISTS"}, "condition", "Only segments by a condition"),
        ({"condition": ""}, "condition", ""),
        ({"condition": 'profile@segments CONTAINS "vjp"'}, "condition", "There is no segment vjp. Did you mean vip?"),
        ({"condition": "length(profile@segments) > 1"}, "condition", "by their keys"),
        ({"condition": 'profile@segments STARTS WITH "vip"'}, "condition", "by their keys"),
        ({"condition": "profile@segments CONTAINS 5"}, "condition", "by their keys"),
        ({"key": "vip"}, "key", "another segment"),
    ],
)
def test_wrong_definition_is_refused_with_its_field(values: dict[str, str], field: str, message: str) -> None:
    made("vip")

    name, said = refused(SegmentFactory.build(**{"key": "new", **values}))

    assert name == field
    assert message in said


def test_key_and_kind_never_change() -> None:
    segment = made("vip")

    segment.key = "other"
    assert refused(segment)[0] == "key"
    segment.key, segment.kind, segment.condition = "vip", Segment.Kind.LIST, ""
    assert refused(segment)[0] == "kind"


def test_segments_that_would_ask_about_each_other_in_a_circle_are_refused() -> None:
    first = made("first")
    made("second", 'profile@segments CONTAINS "first"')
    made("third", 'profile@segments CONTAINS "second"')

    first.condition = 'profile@segments CONTAINS "third"'

    assert refused(first) == (
        "condition",
        "Segments would ask about each other in a circle: "
        + "first asks about third asks about second asks about first.",
    )
    assert "itself" not in first.condition
    assert Segment.objects.get(key="first").condition == 'profile@traits.plan = "pro"'


def test_segment_that_asks_about_itself_is_refused() -> None:
    assert (
        "narcissus asks about narcissus"
        in refused(SegmentFactory.build(key="narcissus", condition='profile@segments CONTAINS "narcissus"'))[1]
    )


def test_those_that_are_asked_about_come_first() -> None:
    made("z-base")
    made("list", "", kind=Segment.Kind.LIST)
    made("m-middle", 'profile@segments CONTAINS "z-base" AND profile@segments CONTAINS "list"')
    made("a-top", 'profile@segments CONTAINS "m-middle" OR profile@segments CONTAINS "z-base"')

    found = definitions.read()

    assert [each.key for each in found.segments] == ["z-base", "m-middle", "a-top"]
    assert found.ids.keys() == {"z-base", "m-middle", "a-top", "list"}
    assert found.version == definitions.version_now()


def test_what_is_switched_off_or_broken_is_not_evaluated() -> None:
    made("on")
    made("off", is_enabled=False)
    broken = made("broken")
    Segment.objects.filter(pk=broken.pk).update(condition="profile@ nonsense", version=99)

    assert [each.key for each in definitions.read().segments] == ["on"]


def test_definition_says_what_it_depends_on() -> None:
    made("vip")
    row = SegmentFactory.build(
        condition='COUNT("purchase" LAST 90 DAYS) > 1 AND profile@segments CONTAINS "vip" AND profile@country = "PL"'
    )

    found = definitions.compile(row)

    assert (found.has_history, found.is_time_dependent, found.segments) == (True, True, {"vip"})
    assert {str(field) for field in found.fields} == {"profile@country"}


def test_segment_goes_with_its_memberships_and_leaves_a_version() -> None:
    segment = made("vip")
    MembershipFactory.create(segment=segment)
    version = definitions.version_now()

    definitions.delete(segment)

    assert not Segment.objects.exists()
    assert not Membership.objects.exists()
    assert definitions.version_now() == version + 1


def test_segment_that_others_ask_about_stays() -> None:
    segment = made("vip")
    made("rich-vip", 'profile@segments CONTAINS "vip"', is_enabled=False)

    with pytest.raises(DefinitionError, match="Rich-vip"):
        definitions.delete(segment)

    assert Segment.objects.filter(key="vip").exists()
