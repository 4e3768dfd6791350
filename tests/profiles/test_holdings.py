"""By what tables know a person."""

import json
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.profiles.holdings import Holding, Person, holdings, person_of, register
from apps.profiles.identifiers import identifier_id
from tests.factories import AliasFactory, IdentifierFactory, ProfileFactory, SessionFactory

pytestmark = pytest.mark.django_db


def test_a_person_is_all_ids_that_ever_led_to_them() -> None:
    profile = ProfileFactory(primary_id="C-17")
    alias, session = AliasFactory(profile=profile), SessionFactory(profile=profile)
    own = IdentifierFactory(profile=profile, kind="anonymous")
    IdentifierFactory(profile=profile, kind="email", is_shared=True)
    IdentifierFactory()

    person = person_of(profile)

    assert set(person.names) == {
        ("profile", profile.id),
        ("profile", alias.id),
        ("session", session.id),
        ("anonymous", own.id),
        ("user", identifier_id("user", "C-17")),
    }
    assert person.texts == ("C-17",)
    assert person.named("session") == [session.id]


def test_a_person_survives_json() -> None:
    person = person_of(AliasFactory().profile)

    assert Person.from_dict(json.loads(json.dumps(person.as_dict()))) == person


def test_pseudonyms_keep_equal_ids_equal_and_lead_nowhere_without_the_salt() -> None:
    one, other, id = Person(uuid4(), (), (), salt="a"), Person(uuid4(), (), (), salt="b"), uuid4()

    assert one.pseudonym(id) == one.pseudonym(id) != other.pseudonym(id)
    assert one.pseudonym(id) != id


def test_two_holdings_cannot_have_one_name() -> None:
    with pytest.raises(ImproperlyConfigured, match="two entries holding profile"):
        register(type(holdings["profile"]))


def test_a_holding_says_what_it_holds() -> None:
    class Cards(Holding):
        name = "cards"

    with pytest.raises(ImproperlyConfigured, match=r"test_holdings\.py:\d+: the holding Cards does not say its title"):
        register(Cards)
