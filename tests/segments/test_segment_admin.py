"""The pages of segments: the form saves definitions, counts at once, and each page keeps what may not be seen."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core import roles
from apps.core.limits import TooSlow
from apps.core.models import AuditEntry
from apps.segments import counting
from apps.segments.models import Segment, SegmentSize
from tests.factories import NOON, ConsentTypeFactory, EventFactory, MembershipFactory, ProfileFactory, SegmentFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:segments_segment_changelist")
ADD = reverse("admin:segments_segment_add")
PREVIEW = reverse("admin:segments_preview")
LISTS_WITH_CONDITIONS = ("profiles_profile_changelist", "events_event_changelist")
FILLED = {"name": "Pros", "key": "pros", "description": "", "kind": "condition", "is_enabled": "on"}


@pytest.fixture
def as_role() -> Callable[[str], Client]:
    """Sign somebody in who has one role."""
    roles.load()

    def sign_in(role: str) -> Client:
        user = User.objects.create(username=role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def page(client: Client, name: str, *args: Any, **params: str) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args), params)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_segment_is_added_with_its_canonical_text(admin_client: Client) -> None:
    answer = admin_client.post(ADD, {**FILLED, "condition": 'profile@traits.plan=="pro"'})

    assert answer.status_code == 302
    made = Segment.objects.get()
    assert (made.key, made.condition, made.evaluated_at) == ("pros", 'profile@traits.plan = "pro"', None)
    assert AuditEntry.objects.filter(action="added", object_id=made.pk).exists()
    assert "being built" in admin_client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"condition": "profile@visits.count >"}, "condition", "The condition ends too early."),
        ({"condition": "profile@visitz.count > 1"}, "condition", "Did you mean profile@visits.count?"),
        ({"condition": 'profile@segments CONTAINS "nosuch"'}, "condition", "There is no segment nosuch."),
        ({"condition": 'profile@segments CONTAINS "pros"'}, "condition", "in a circle"),
        ({"condition": ""}, "condition", "Say who belongs to it."),
        ({"condition": "profile@visits.count > 1", "key": "Not a key"}, "key", "Use small letters"),
    ],
)
def test_a_mistake_stands_beside_its_field(
    admin_client: Client, changes: dict[str, str], field: str, message: str
) -> None:
    answer = admin_client.post(ADD, {**FILLED, **changes})

    assert answer.status_code == 200
    assert message in str(answer.context["adminform"].form.errors[field])
    assert not Segment.objects.exists()


def test_a_list_has_no_condition(admin_client: Client) -> None:
    admin_client.post(ADD, {**FILLED, "kind": "list", "condition": "profile@visits.count > 1"})

    made = Segment.objects.get()
    assert (made.kind, made.condition) == ("list", "")
    assert "Whoever is on the list." in page(admin_client, "segments_overview", made.pk)


def test_key_and_kind_stay_when_the_rest_is_changed(admin_client: Client) -> None:
    row = SegmentFactory(key="pros", evaluated_at=NOON)
    address = reverse("admin:segments_segment_change", args=[row.pk])

    admin_client.post(address, {**FILLED, "key": "other", "kind": "list", "condition": "profile@visits.count > 1"})

    row.refresh_from_db()
    assert (row.key, row.kind, row.evaluated_at) == ("pros", "condition", None)
    assert row.condition == "profile@visits.count > 1"


def test_a_segment_that_others_ask_about_is_not_deleted(admin_client: Client) -> None:
    row = SegmentFactory(key="pros", kind="list")
    SegmentFactory(condition='profile@segments CONTAINS "pros"')

    answer = admin_client.post(reverse("admin:segments_segment_delete", args=[row.pk]), {"post": "yes"}, follow=True)

    assert "Other segments ask about it" in answer.content.decode()
    assert Segment.objects.filter(pk=row.pk).exists()


def test_the_list_shows_size_trend_and_state(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        row = SegmentFactory(size=1200 + number, evaluated_at=NOON)
        today = counting.date.today()
        SegmentSize.objects.bulk_create(
            SegmentSize(segment=row, day=today - timedelta(days=days), size=1000 + days) for days in range(4)
        )

    with django_assert_max_num_queries(15):
        text = admin_client.get(LIST).content.decode()

    assert "1,204" in text
    assert text.count("<polyline") == 5
    assert "From 1,003 to 1,000" in text
    assert "up to date" in text


def test_people_are_counted_and_some_are_shown_while_a_segment_is_written(admin_client: Client) -> None:
    anna = ProfileFactory(name="Anna Adler", traits={"plan": "pro"})
    ProfileFactory(name="Ben Berg", traits={"plan": "free"})

    text = admin_client.post(PREVIEW, {"condition": 'profile@traits.plan = "pro"'}).content.decode()

    assert "<strong>1</strong>" in text
    assert (str(anna.pk) in text, "Anna Adler" in text, "Ben Berg" in text) == (True, True, False)
    assert "counting" not in text
    assert admin_client.post(PREVIEW, {"condition": "profile@traits.plan ="}).status_code == 204


def test_an_estimate_is_followed_by_an_exact_count(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    estimate = counting.Number(5_000, is_exact=False, margin=200)
    monkeypatch.setattr(counting, "count", lambda *_, **__: estimate)
    text = admin_client.post(PREVIEW, {"condition": "profile@visits.count >= 0"}).content.decode()
    assert "about 5,000" in text
    assert "give or take 200" in text
    assert "counting …" in text

    def too_slow(*_: Any, **__: Any) -> None:
        raise TooSlow

    monkeypatch.setattr(counting, "count", too_slow)
    assert "counting …" in admin_client.post(PREVIEW, {"condition": "profile@visits.count >= 0"}).content.decode()
    text = admin_client.post(f"{PREVIEW}?exactly", {"condition": "profile@visits.count >= 0"}).content.decode()
    assert "Counting takes too long here" in text


def test_a_page_shows_members_page_by_page(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.segments.admin.pages.PAGE", 2)
    segment = SegmentFactory(evaluated_at=NOON)
    people = [ProfileFactory(name=f"Person {number}") for number in range(5)]
    for person in people[:4]:
        MembershipFactory(segment=segment, profile_id=person.pk)
    MembershipFactory(segment=segment, profile_id=people[4].pk, left_at=NOON)

    first = page(admin_client, "segments_overview", segment.pk)
    second = page(admin_client, "segments_members", segment.pk, before=str(people[2].pk))

    assert [person.name in first for person in people] == [False, False, True, True, False]
    assert [person.name in second for person in people] == [True, True, False, False, False]
    assert f"before={people[2].pk}" in first
    assert "More" not in second


def test_overlap_of_two_segments(admin_client: Client) -> None:
    one, other, shared = SegmentFactory(), SegmentFactory(), ProfileFactory()
    for segment in (one, other):
        MembershipFactory(segment=segment, profile_id=shared.pk)
    MembershipFactory(segment=one)

    text = page(admin_client, "segments_overlap", one.pk, other=str(other.pk))

    assert "<b>1</b> · 50" in text
    assert admin_client.get(reverse("admin:segments_overlap", args=[one.pk]), {"other": "x"}).status_code == 404


def test_why_shows_each_clause_with_its_truth_and_values(admin_client: Client) -> None:
    condition = (
        'profile@traits.plan = "pro" AND (age(profile@data.pii.birthday) >= 18 OR profile@visits.count > 5) '
        'AND NOT profile@country = "DE" AND DID("purchase" WHERE event@properties.amount > 50)'
    )
    segment = SegmentFactory(condition=condition, evaluated_at=NOON)
    anna = ProfileFactory(name="Anna", traits={"plan": "pro"}, visit_count=7, country="FR")
    EventFactory(profile_id=anna.pk, type="purchase", properties={"amount": 60})
    EventFactory(profile_id=anna.pk, type="purchase", properties={"amount": 60}, is_valid=False)
    MembershipFactory(segment=segment, profile_id=anna.pk)

    answer = admin_client.get(reverse("admin:segments_why", args=[segment.pk, anna.pk]))

    clauses = {line["text"]: line for line in flat(answer.context["clause"])}
    words = {text: line["badge"].split(">")[1].split("<")[0] for text, line in clauses.items()}
    assert words == {
        str(segment.condition).replace('NOT profile@country = "DE"', 'profile@country != "DE"'): "true",
        'profile@traits.plan = "pro"': "true",
        "age(profile@data.pii.birthday) >= 18 OR profile@visits.count > 5": "true",
        "age(profile@data.pii.birthday) >= 18": "unknown",
        "profile@visits.count > 5": "true",
        'profile@country != "DE"': "true",
        'DID("purchase" WHERE event@properties.amount > 50)': "true",
    }
    [(counted, number)] = clauses['DID("purchase" WHERE event@properties.amount > 50)']["values"]
    assert (counted, ">1<" in number) == ('COUNT("purchase" WHERE event@properties.amount > 50)', True)
    text = answer.content.decode()
    assert "Why is Anna in" in text
    assert "An event of the person" in text


def flat(clause: dict[str, Any]) -> list[dict[str, Any]]:
    return [clause, *(line for below in clause["clauses"] for line in flat(below))]


def test_a_profile_shows_its_segments_now_and_before(admin_client: Client) -> None:
    anna, now, before = ProfileFactory(), SegmentFactory(name="Now in"), SegmentFactory(name="Once in")
    MembershipFactory(segment=before, profile_id=anna.pk, left_at=NOON)
    MembershipFactory(segment=now, profile_id=anna.pk)

    text = page(admin_client, "profiles_profile_change", anna.pk)

    assert text.index("Now in") < text.index("Once in")
    assert reverse("admin:segments_why", args=[now.pk, anna.pk]) in text
    changes = admin_client.get(reverse("admin:profiles_profile_changelist"), {"segment": now.key}).context["cl"]
    assert list(changes.result_list) == [anna]
    gone = admin_client.get(reverse("admin:profiles_profile_changelist"), {"segment": before.key}).context["cl"]
    assert list(gone.result_list) == []


@pytest.mark.parametrize("condition", ["profile@consents.letters EXISTS", 'NOT CONSENTED("letters")'])
def test_why_shows_no_green_for_a_consent_that_was_withdrawn(condition: str, admin_client: Client) -> None:
    segment = SegmentFactory(condition=condition, evaluated_at=NOON)
    anna = ProfileFactory(consents={"letters": {"revoke": NOON.isoformat()}})

    answer = admin_client.get(reverse("admin:segments_why", args=[segment.pk, anna.pk]))

    clause = answer.context["clause"]
    assert "true" in clause["badge"]
    assert "cdp-green" not in clause["badge"]
    assert "withdrew on 23 Nov 2026" in answer.content.decode()


def test_what_a_segment_asks_that_may_not_be_meant_is_told_when_it_is_saved_and_on_its_page(
    admin_client: Client,
) -> None:
    ConsentTypeFactory(id="letters")
    sent = {"name": "Odd", "key": "odd", "kind": "condition", "condition": 'CONSENTED("leters")', "is_enabled": "on"}

    saved = admin_client.post(reverse("admin:segments_segment_add"), sent, follow=True).content.decode()

    assert "There is no consent type leters. Did you mean letters?" in saved
    segment = Segment.objects.get()
    assert "There is no consent type leters." in page(admin_client, "segments_overview", segment.pk)
    Segment.objects.update(condition="profile@consents.letters EXISTS")
    shown = page(admin_client, "segments_overview", segment.pk)
    assert "people who have withdrawn may be among the members" in shown
    assert "Ask CONSENTED(&quot;letters&quot;)." in shown
    again = admin_client.post(
        reverse("admin:segments_segment_change", args=[segment.pk]),
        {"name": "Renamed", "condition": "profile@consents.letters EXISTS", "is_enabled": "on"},
        follow=True,
    ).content.decode()
    assert Segment.objects.get().name == "Renamed"
    assert "people who have withdrawn may be among the members" in again


def exported(client: Client, segment: Segment) -> list[dict[str, str]]:
    answer: Any = client.post(reverse("admin:segments_export", args=[segment.pk]))
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))


def test_members_are_exported_and_that_is_noted(as_role: Callable[[str], Client]) -> None:
    for id in ("calls", "letters"):
        ConsentTypeFactory(id=id)
    segment = SegmentFactory(key="pros")
    withdrawn = {"letters": {"revoke": NOON.isoformat()}}
    anna = ProfileFactory(name='=cmd("x")', email="anna@example.com", country="DE", consents=withdrawn)
    MembershipFactory(segment=segment, profile_id=anna.pk)

    [row] = exported(as_role("Marketer"), segment)

    assert (row["consent letters"], row["consent calls"]) == ("withdrawn", "never")
    assert (row["id"], row["email"], row["name"]) == (str(anna.pk), "anna@example.com", '\'=cmd("x")')
    noted = AuditEntry.objects.get(action="exported")
    assert (noted.object_id, noted.details["with_personal_data"]) == (str(segment.pk), True)
    client = as_role("Analyst")
    assert client.post(reverse("admin:segments_export", args=[segment.pk])).status_code == 403


def test_before_a_list_replaces_all_members_it_is_asked_how_many_may_leave(admin_client: Client) -> None:
    segment = SegmentFactory(kind="list", key="guests")
    people = [ProfileFactory(email=f"{name}@example.com") for name in ("anna", "ben", "cora")]
    address, look = (reverse(f"admin:{name}", args=[segment.pk]) for name in ("segments_list", "segments_list_look"))
    admin_client.post(address, {"names": "anna@example.com\nben@example.com", "mode": "add"})
    members = segment.memberships.filter(left_at=None)

    junk = {"names": "no.one@example.com\n???", "mode": "replace", "agreed": "2"}
    cora = {"names": "cora@example.com\n???", "mode": "replace"}
    for at in (address, look):
        assert "names nobody who is known" in admin_client.post(at, junk).content.decode()
        for agreed in ("", "3"):
            answer = admin_client.post(at, cora | {"agreed": agreed}).content.decode()
            assert "1 of 2 lines found. 2 members are not among them, and would leave." in answer
            assert 'value="2" required>' in answer
    assert {membership.profile_id for membership in members} == {person.pk for person in people[:2]}

    assert "1 entered, 2 left" in admin_client.post(address, cora | {"agreed": "2"}).content.decode()
    again = admin_client.post(address, cora).content.decode()
    assert "2 lines: 0 entered, 0 left" in again  # nobody leaves: nothing is asked
    assert {membership.profile_id for membership in members.all()} == {people[2].pk}


def test_whoever_sees_no_names_sees_none_here(as_role: Callable[[str], Client]) -> None:
    segment = SegmentFactory(condition="profile@visits.count > 2")
    anna = ProfileFactory(name="Anna Adler", email="anna@example.com", traits={"plan": "secret"}, visit_count=3)
    MembershipFactory(segment=segment, profile_id=anna.pk)
    analyst = as_role("Analyst")

    for text in (
        page(analyst, "segments_overview", segment.pk),
        page(analyst, "segments_why", segment.pk, anna.pk),
        page(analyst, "profiles_profile_change", anna.pk),
    ):
        assert not {"Anna Adler", "anna@example.com", "secret"} & {
            word for word in ("Anna Adler", "anna@example.com", "secret") if word in text
        }
    why = page(analyst, "segments_why", segment.pk, anna.pk)
    assert '<span class="cdp-int">3</span>' in why


def test_who_may_do_what(as_role: Callable[[str], Client]) -> None:
    segment = SegmentFactory()
    analyst, marketer = as_role("Analyst"), as_role("Marketer")

    assert analyst.get(LIST).status_code == 200
    assert analyst.get(ADD).status_code == 403
    assert analyst.post(PREVIEW, {"condition": "profile@visits.count > 1"}).status_code == 403
    assert "Edit" not in page(analyst, "segments_overview", segment.pk)
    assert marketer.get(ADD).status_code == 200
    assert "Edit" in page(marketer, "segments_overview", segment.pk)
    nobody = Client()
    nobody.force_login(User.objects.create(username="nobody", is_staff=True))
    for name, args in (("segments_overview", [segment.pk]), ("segments_members", [segment.pk])):
        assert nobody.get(reverse(f"admin:{name}", args=args)).status_code == 403


def test_a_list_lets_people_in_and_says_who_is_unknown(admin_client: Client) -> None:
    segment = SegmentFactory(kind="list", key="guests")
    anna, ben = ProfileFactory(email="anna@example.com"), ProfileFactory(email="ben@example.com")
    address = reverse("admin:segments_list", args=[segment.pk])

    text = "anna@example.com\nnobody@example.com\n"
    answer = admin_client.post(address, {"names": text, "mode": "add"})
    assert "2 lines: 1 entered, 0 left, 1 named nobody" in answer.content.decode()
    file = SimpleUploadedFile("guests.csv", b"\xef\xbb\xbfnumber,mail\n1,ben@example.com\n")
    answer = admin_client.post(address, {"file": file, "column": "mail", "mode": "replace", "agreed": "1"})
    assert "1 line: 1 entered, 1 left" in answer.content.decode()

    assert [membership.profile_id for membership in segment.memberships.filter(left_at=None)] == [ben.pk]
    assert segment.memberships.get(profile_id=anna.pk).left_at is not None
    segment.refresh_from_db()
    assert segment.size == 1
    noted = AuditEntry.objects.filter(object_id=segment.pk, action="changed").latest("at")
    assert (noted.details["list"], noted.details["entered"], noted.details["left"]) == ("replace", 1, 1)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"mode": "add"}, "Choose a file, or paste names"),
        ({"mode": "add", "names": "a,b\nc,d", "column": "e"}, "There is no column e"),
        ({"mode": "dance", "names": "a"}, "Select a valid choice"),
    ],
)
def test_a_list_that_cannot_be_taken_changes_nothing(admin_client: Client, sent: dict[str, str], message: str) -> None:
    membership = MembershipFactory(segment__kind="list")

    answer = admin_client.post(reverse("admin:segments_list", args=[membership.segment_id]), sent)

    assert message in answer.content.decode()
    assert membership.segment.memberships.filter(left_at=None).count() == 1


def test_only_lists_take_lists(admin_client: Client, as_role: Callable[[str], Client]) -> None:
    condition, by_list = SegmentFactory(), SegmentFactory(kind="list")
    sent = {"mode": "add", "names": "x"}

    assert admin_client.post(reverse("admin:segments_list", args=[condition.pk]), sent).status_code == 403
    assert as_role("Analyst").post(reverse("admin:segments_list", args=[by_list.pk]), sent).status_code == 403


PAGES_WITH_IDS = (("segments_members", "before"), ("segments_overlap", "other"))
NUL_ADDRESSES = [
    *(f"{LIST}?{name}=%00" for name in ("condition", "q", "kind__exact", "is_enabled__exact", "o", "p", "all")),
    *(f"{reverse(f'admin:{page}')}?condition=%00" for page in LISTS_WITH_CONDITIONS),
    *(f"{reverse(f'admin:{name}', args=[UUID(int=1)])}?{param}=%00" for name, param in PAGES_WITH_IDS),
    *(f"{reverse(f'admin:{page}')}?condition=DID(%22%00%22)" for page in LISTS_WITH_CONDITIONS),
    f"{reverse('admin:profiles_profile_changelist')}?segment=%00",
]


@pytest.mark.parametrize("address", NUL_ADDRESSES)
def test_a_character_that_cannot_be_stored_is_no_failure_of_ours(admin_client: Client, address: str) -> None:
    assert admin_client.get(address, follow=True).status_code in (200, 400, 404)


def test_a_list_with_characters_that_cannot_be_stored_names_nobody(admin_client: Client) -> None:
    row = SegmentFactory(kind="list")

    for page_name in ("segments_list", "segments_list_look"):
        file = SimpleUploadedFile("a.csv", b"a\0b\nc@example.com\n")
        answer = admin_client.post(reverse(f"admin:{page_name}", args=[row.pk]), {"file": file, "mode": "add"})
        assert answer.status_code == 200
    assert ">nobody<" in answer.content.decode()
