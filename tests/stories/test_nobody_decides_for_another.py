"""Somebody knows Anna's address, her customer number, her profile's id: her consents are none of their business."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.api.scopes import Scope
from apps.events.models import Event, Source
from apps.profiles.models import ConsentDecision, IdentityConflict, Merge, Profile
from apps.profiles.standing import DECIDED_ELSEWHERE
from tests.factories import NOON, ConsentTypeFactory, SourceFactory, track_body
from tests.programs import program
from tests.shop import Shop

pytestmark = pytest.mark.django_db
EMAIL = "anna@example.com"
SIGN_IN = {"type": "sign-in", "properties": {"pk": "17", "email": {"main": EMAIL}}}
BY_ADDRESS = {"type": "sign-in", "properties": {"email": {"main": EMAIL}}}
BY_NUMBER = {"type": "sign-in", "properties": {"pk": "17"}}


def consent(**said: Any) -> dict[str, Any]:
    return {"type": "consent-update", "properties": {"consents": said}}


class Device:
    """A browser on the shop's page, with what its tracker keeps."""

    def __init__(self, source: Source, *, session: str, profile: str | None = None, device: str | None = None) -> None:
        self.ids = {
            "session": {"id": session},
            "profile": {"id": profile} if profile else None,
            "device": {"id": device} if device else None,
        }
        self.source = source

    def track(self, *events: dict[str, Any]) -> Any:
        body = {**track_body(self.source, events=list(events)), **self.ids}
        answer = APIClient().post("/track", body, format="json")
        assert answer.status_code == 200, answer.json()
        self.ids["profile"] = self.ids["profile"] or {"id": answer.json()["profile"]["id"]}
        return answer

    def decide(self, **said: Any) -> Any:
        body = {"source": {"id": str(self.source.id)}, **self.ids, "consents": said}
        return APIClient().post("/customer/consent", body, format="json")


@pytest.fixture
def source(alone: None) -> Source:
    ConsentTypeFactory(id="letters")
    ConsentTypeFactory(id="statistics")
    ConsentTypeFactory(id="cookies")
    return SourceFactory()


@pytest.fixture
def anna(source: Source) -> Device:
    """Anna, who is known, agreed to letters and said no to statistics, on her own device."""
    device = Device(source, session="anna", device="device of anna")
    device.track(SIGN_IN)
    assert device.decide(letters=True, statistics=False).status_code == 200
    return device


def held() -> dict[str, bool]:
    """Say what holds of Anna's consents."""
    profile = Profile.objects.get(primary_id="17")
    return {name: consent["revoke"] is None for name, consent in profile.consents.items()}


UNTOUCHED = {"letters": True, "statistics": False}


@pytest.mark.parametrize("claims", [[BY_ADDRESS], [BY_NUMBER], [SIGN_IN], []])
def test_who_knows_what_names_anna_neither_sees_nor_changes_what_she_decided(
    source: Source, anna: Device, claims: list[Any]
) -> None:
    profile = None if claims else anna.ids["profile"]["id"]
    other = Device(source, session="evil", profile=profile)
    other.track(*claims, {"type": "page-view"})
    assert other.ids["profile"] == anna.ids["profile"]

    seen = other.decide()
    withdrawn, given = other.decide(letters=False, cookies=True), other.decide(statistics=True)
    told = other.track(consent(letters=False, statistics=True))

    assert (seen.status_code, seen.json()["consents"]) == (200, {})
    for answer, name in ((withdrawn, "letters"), (given, "statistics")):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
        assert answer.json()["field"] == f"consents.{name}"
    assert told.status_code == 200
    problems = Event.objects.filter(type="consent-update").latest("id").problems
    assert [problem["message"] for problem in problems or ()] == [DECIDED_ELSEWHERE] * 2
    assert held() == UNTOUCHED
    assert ConsentDecision.objects.count() == 2


@pytest.mark.parametrize(
    "requests",
    [
        [[consent(letters=False, statistics=True), BY_ADDRESS]],  # in one request
        [[BY_ADDRESS, consent(letters=False, statistics=True)]],
        [[consent(letters=False, statistics=True)], [BY_ADDRESS]],  # decided as somebody unknown, who then is Anna
        [[{"type": "page-view"}], [consent(letters=False, statistics=True)], [SIGN_IN]],
        [[BY_ADDRESS], [BY_NUMBER, consent(letters={"revoke": "2020-01-01T00:00:00Z"}, statistics=True)]],
    ],
)
@pytest.mark.parametrize("is_one_batch", [False, True])
def test_what_was_decided_before_somebody_claims_to_be_anna_overrules_nothing(
    source: Source, anna: Device, shop: Shop, requests: list[list[Any]], is_one_batch: bool
) -> None:
    bodies = [track_body(source, session="evil", events=events) for events in requests]
    shop.source = source
    if is_one_batch:
        shop.now = NOON.replace(year=NOON.year + 1)
        shop.process(*(shop.message("track", body) for body in bodies))
    else:
        for body in bodies:
            assert APIClient().post("/track", body, format="json").status_code == 200

    assert held() == UNTOUCHED
    Device(source, session="evil", profile=anna.ids["profile"]["id"]).decide(letters=False, statistics=True)
    assert held() == UNTOUCHED


def test_who_held_two_names_and_claims_both_does_not_bring_their_decisions_along(source: Source, anna: Device) -> None:
    mine = {"type": "sign-in", "properties": {"email": {"main": "ben@example.com"}}}
    ben = Device(source, session="ben")
    ben.track(mine, consent(letters=False))
    both = {"type": "sign-in", "properties": {"email": {"main": EMAIL}, "phone": {"main": "+12025550143"}}}
    ben_by_phone = {"type": "sign-in", "properties": {"phone": {"main": "+12025550143"}}}
    ben.track(ben_by_phone)

    Device(source, session="third").track(both)

    assert held() == UNTOUCHED
    assert IdentityConflict.objects.get().refusal == "consents"
    assert not Merge.objects.exists()


def test_a_merge_that_is_undone_gives_each_what_they_decided(source: Source, anna: Device, shop: Shop) -> None:
    other = Device(source, session="other")
    other.track(consent(letters=False))
    other.track(BY_ADDRESS)
    merge = Merge.objects.get()
    assert list(merge.standing) == ["letters"]

    shop.now = NOON.replace(year=NOON.year + 1)
    shop.undo(merge)

    assert held() == UNTOUCHED
    stranger = Profile.objects.get(primary_id=None)
    assert list(stranger.consents) == ["letters"]
    assert stranger.consents["letters"]["revoke"]


# --- What goes on working


@pytest.mark.parametrize(
    "ids",
    [
        {"session": "anna"},
        {"session": "next week", "device": "device of anna"},  # the tracker keeps the id of its device
    ],
)
def test_anna_decides_again_on_her_own_device(source: Source, anna: Device, ids: dict[str, str]) -> None:
    own = Device(source, profile=anna.ids["profile"]["id"], **ids)
    own.track({"type": "page-view"})
    own.ids["device"] = None  # a form does not say it; the session knows

    seen = own.decide()
    changed = own.decide(letters=False)

    assert set(seen.json()["consents"]) == {"letters", "statistics"}
    assert changed.status_code == 200
    assert held() == {"letters": False, "statistics": False}


def test_a_session_of_the_same_device_decides_again_by_an_event(source: Source, anna: Device) -> None:
    next_week = Device(source, session="next week", profile=anna.ids["profile"]["id"], device="device of anna")

    next_week.track(consent(letters=False))

    assert not held()["letters"]


def test_the_device_of_an_sdk_decides_again(shop: Shop) -> None:
    ConsentTypeFactory(id="letters")
    said: dict[str, Any] = {"event": "consent-update", "anonymousId": "phone"}
    shop.call("track", **said, properties={"consents": {"letters": True}})
    shop.call("identify", anonymousId="phone", userId="17")
    shop.later(days=3)

    shop.call("track", event="consent-update", userId="17", properties={"consents": {"letters": False}})
    assert held() == {"letters": True}  # by the number alone

    shop.call("track", **said, userId="17", properties={"consents": {"letters": False}})
    assert held() == {"letters": False}


def test_who_comes_by_a_claim_decides_what_nobody_has_decided_and_takes_that_back(source: Source) -> None:
    Device(source, session="anna").track(SIGN_IN)
    other = Device(source, session="newsletter form")
    other.track(BY_ADDRESS)

    assert other.decide(letters=True).json()["consents"] == {"letters": {"revoke": None}}
    assert held() == {"letters": True}
    assert other.decide(letters=False).status_code == 200
    assert held() == {"letters": False}


def test_a_source_that_trusts_ids_a_program_and_an_operator_decide_for_others(source: Source, anna: Device) -> None:
    server = SourceFactory(trusts_ids=True)

    Device(server, session=str(uuid4())).track(BY_NUMBER, consent(letters=False))
    assert not held()["letters"]

    address = f"/api/profiles/{anna.ids['profile']['id']}/consents"
    body = {"source_id": str(source.id), "consents": {"letters": True}}
    answer = program(Scope.CONSENTS_READ, Scope.CONSENTS_WRITE).post(address, body, format="json")
    assert answer.status_code == 200
    assert held()["letters"]


def test_what_a_program_recorded_is_not_withdrawn_by_a_page(source: Source, anna: Device) -> None:
    address = f"/api/profiles/{anna.ids['profile']['id']}/consents"
    body = {"source_id": str(source.id), "consents": {"letters": True}}
    program(Scope.CONSENTS_READ, Scope.CONSENTS_WRITE).post(address, body, format="json")

    assert anna.decide(letters=False).status_code == 403
    assert held()["letters"]
