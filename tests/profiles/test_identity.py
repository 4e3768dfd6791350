"""Who is this? The rules by which ids become a profile."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.ids import new_id
from apps.profiles import identity
from apps.profiles.identifiers import identifier_id
from apps.profiles.identity import Claim, Directory
from apps.profiles.leads import Proof
from apps.profiles.models import Alias, Identifier, Profile
from tests.factories import NOON, AliasFactory, IdentifierFactory, ProfileFactory

pytestmark = pytest.mark.django_db
ANNA, BEN = "anna", "ben"
PREVIOUS, PREVIOUS_USER = Proof(Identifier.Kind.ANONYMOUS, "d0"), Proof(Identifier.Kind.USER, "old")


def known_as(kind: str, value: str, **profile: Any) -> Profile:
    if kind == Identifier.Kind.USER:
        profile = {"primary_id": value, **profile}
    found: Profile = IdentifierFactory(
        id=identifier_id(kind, value), kind=kind, profile=ProfileFactory(**profile)
    ).profile
    return found


def resolve(*claims: Claim, session: Profile | None = None) -> list[Profile]:
    """Resolve the claims one after the other, in one batch."""
    session_id = session.id if session else None
    directory = identity.load(claims, session_profile_ids=[session_id] if session_id else [])
    return [directory.resolve(claim, session_profile_id=session_id, now=NOON, merges=False).profile for claim in claims]


@pytest.fixture
def people() -> dict[str, Profile]:
    """Somebody by each kind of id."""
    alias = AliasFactory()
    return {
        "user": known_as(Identifier.Kind.USER, ANNA),
        "session": ProfileFactory(),
        "device": known_as(Identifier.Kind.ANONYMOUS, "d1"),
        "previous device": known_as(Identifier.Kind.ANONYMOUS, "d0"),
        "previous user": known_as(Identifier.Kind.USER, "old"),
        "stored": ProfileFactory(),
        "old id": alias.profile,
        "alias": alias,
    }


@pytest.mark.parametrize(
    ("ids", "who"),
    [
        ({"user_id": ANNA, "anonymous_id": "d1", "session": True, "profile_ref": "stored"}, "user"),
        ({"session": True, "anonymous_id": "d1", "proofs": (PREVIOUS,), "profile_ref": "stored"}, "session"),
        ({"anonymous_id": "d1", "proofs": (PREVIOUS,), "profile_ref": "stored"}, "device"),
        ({"proofs": (PREVIOUS,), "profile_ref": "stored"}, "stored"),
        ({"proofs": (PREVIOUS,)}, "previous device"),
        ({"proofs": (PREVIOUS_USER,)}, "previous user"),
        ({"profile_ref": "stored"}, "stored"),
        ({"profile_ref": "alias"}, "old id"),
        ({"user_id": BEN, "session": True}, "session"),  # an anonymous profile becomes the user's
        ({"user_id": BEN, "anonymous_id": "d1"}, "device"),
        ({"user_id": "old", "anonymous_id": "d1"}, "previous user"),
        ({"anonymous_id": "unknown"}, None),
        ({"user_id": BEN}, None),
        ({}, None),
    ],
)
def test_the_surest_id_decides(people: dict[str, Any], ids: dict[str, Any], who: str | None) -> None:
    session = people["session"] if ids.pop("session", False) else None
    if "profile_ref" in ids:
        ids["profile_ref"] = people[ids["profile_ref"]].id

    [found] = resolve(Claim(**ids), session=session)

    assert found.id == people[who].id if who else found.id not in {person.id for person in people.values()}


@pytest.mark.parametrize("by", [{"session": True}, {"anonymous_id": "d1"}, {"profile_ref": True}])
def test_a_profile_of_another_user_is_left_alone(by: dict[str, Any]) -> None:
    anna = known_as(Identifier.Kind.ANONYMOUS, "d1", primary_id=ANNA)
    session = anna if by.pop("session", False) else None
    if by.pop("profile_ref", False):
        by["profile_ref"] = anna.id

    [found] = resolve(Claim(user_id=BEN, **by), session=session)

    assert found.id != anna.id
    assert (found.primary_id, anna.primary_id) == (BEN, ANNA)


def test_an_unknown_id_is_replaced_and_leads_to_the_new_profile() -> None:
    given = new_id()
    directory = identity.load([Claim(profile_ref=given)], session_profile_ids=[])

    found = directory.resolve(Claim(profile_ref=given), session_profile_id=None, now=NOON).profile

    assert found.id != given
    assert [(alias.id, alias.profile_id) for alias in directory.new_aliases] == [(given, found.id)]


def test_a_trusted_id_is_adopted_and_needs_no_alias() -> None:
    given = new_id()
    directory = Directory()

    found = directory.resolve(Claim(profile_ref=given, trusts_ids=True), session_profile_id=None, now=NOON).profile

    assert found.id == given
    assert directory.new_aliases == []


def test_trust_does_not_take_an_id_from_its_owner() -> None:
    alias: Alias = AliasFactory()

    [found] = resolve(Claim(profile_ref=alias.id, trusts_ids=True))

    assert found.id == alias.profile_id


def test_later_claims_of_a_batch_see_what_earlier_ones_made() -> None:
    given = new_id()

    found = resolve(
        Claim(anonymous_id="phone"),
        Claim(anonymous_id="phone", user_id=ANNA),
        Claim(anonymous_id="laptop", user_id=ANNA),
        Claim(anonymous_id="laptop"),
        Claim(profile_ref=given),
        Claim(profile_ref=given),
    )

    assert len({profile.id for profile in found[:4]}) == 1
    assert found[0].primary_id == ANNA
    assert found[4].id == found[5].id != found[0].id


def test_a_device_follows_its_latest_user_and_a_user_is_never_taken_from_their_profile() -> None:
    anna, ben = known_as(Identifier.Kind.USER, ANNA), known_as(Identifier.Kind.USER, BEN)
    claims = [Claim(user_id=ANNA, anonymous_id="d1"), Claim(user_id=BEN, anonymous_id="d1"), Claim(anonymous_id="d1")]

    assert [found.id for found in resolve(*claims)] == [anna.id, ben.id, ben.id]


def test_alias_lets_the_old_device_lead_to_the_user() -> None:
    directory = identity.load(
        [Claim(user_id=ANNA, proofs=(PREVIOUS,)), Claim(anonymous_id="d0")], session_profile_ids=[]
    )

    user = directory.resolve(Claim(user_id=ANNA, proofs=(PREVIOUS,)), session_profile_id=None, now=NOON).profile

    assert directory.find(Claim(anonymous_id="d0"), session_profile_id=None) == user


CLAIMS = st.builds(
    Claim,
    user_id=st.sampled_from([None, ANNA, BEN]),
    anonymous_id=st.sampled_from([None, "d0", "d1"]),
    profile_ref=st.sampled_from([None, None, UUID(int=1), UUID(int=2)]),
    trusts_ids=st.booleans(),
    proofs=st.lists(
        st.sampled_from([PREVIOUS, PREVIOUS_USER, Proof(Identifier.Kind.EMAIL, "a@b.example")]), max_size=2, unique=True
    ).map(tuple),
)


class Forgetful(dict[Any, Any]):
    """Keeps nothing."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass


# Few, and each of them several times.
REPEATED = st.lists(CLAIMS, min_size=1, max_size=4).flatmap(lambda few: st.lists(st.sampled_from(few), max_size=12))


@given(claims=REPEATED, sessions=st.lists(st.integers(-3, 11), min_size=12, max_size=12))
def test_remembering_whom_claims_led_to_changes_nothing(claims: list[Claim], sessions: list[int]) -> None:
    def told_apart(directory: Directory) -> list[Any]:
        found: list[UUID] = []
        for claim, earlier in zip(claims, sessions, strict=False):
            session_profile_id = found[earlier] if 0 <= earlier < len(found) else None
            found.append(directory.resolve(claim, session_profile_id=session_profile_id, now=NOON).raw_id)
        living = [directory.living_id(id) for id in found]
        known = {key: living.index(directory.living_id(row.profile_id)) for key, row in directory.identifiers.items()}
        shared = {key for key, row in directory.identifiers.items() if row.is_shared}
        people = [found.index(id) for id in found], [living.index(id) for id in living]
        return [people, known, shared, len(directory.causes)]

    assert told_apart(Directory()) == told_apart(Directory(_settled=Forgetful()))


def test_finding_changes_nothing() -> None:
    directory = identity.load([Claim(user_id=ANNA, profile_ref=new_id())], session_profile_ids=[])

    assert directory.find(Claim(user_id=ANNA, profile_ref=new_id()), session_profile_id=None) is None
    assert (directory.profiles, directory.new_aliases, directory.changed_identifiers) == ({}, [], {})


def test_identifiers_are_hashed_by_kind_and_key(settings: Any) -> None:
    user, device = (identifier_id(kind, ANNA) for kind in (Identifier.Kind.USER, Identifier.Kind.ANONYMOUS))
    identifier_id.cache_clear()
    settings.IDENTITY_KEY = "another"

    assert len({user, device, identifier_id(Identifier.Kind.USER, ANNA)}) == 3
    identifier_id.cache_clear()


def test_all_that_a_claim_names_is_locked() -> None:
    reference = UUID(int=7)

    keys = Claim(profile_ref=reference, user_id=ANNA, anonymous_id="d1", proofs=(PREVIOUS,)).keys

    assert len(set(keys)) == 4
    assert reference in keys
    assert Claim().keys == ()


def test_loading_takes_three_queries_whatever_the_number_of_claims(django_assert_num_queries: Any) -> None:
    claims = [Claim(user_id=f"u{n}", anonymous_id=f"d{n}", profile_ref=ProfileFactory().id) for n in range(20)]
    session_profile_ids = [ProfileFactory().id]

    with django_assert_num_queries(3):
        identity.load(claims, session_profile_ids=session_profile_ids)
