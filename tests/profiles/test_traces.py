"""Values that name a person where nobody has declared them."""

from typing import Any

import pytest

from apps.profiles.traces import addresses_in, values_of
from tests.factories import ProfileFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        ({"email": " Anna@Example.com "}, {("email",): "anna@example.com"}),
        (
            {"to": [{"mail": "amy@one.example"}, "ben@two.example"]},
            {("to", "0", "mail"): "amy@one.example", ("to", "1"): "ben@two.example"},
        ),
        ({"text": "write to amy@one.example", "handle": "@anna", "n": 3, "none": None}, {}),
        ({"email": "info@shop.example"}, {}),  # a role is nobody
        ({"amy@one.example": "x"}, {}),
    ],
)
def test_addresses_are_found_wherever_they_stand_alone(tree: Any, found: Any) -> None:
    assert dict(addresses_in(tree)) == found


def test_the_facts_name_a_person_by_number_address_and_phone() -> None:
    profile = ProfileFactory.build(
        primary_id=" C-17 ",
        data={
            "contact": {
                "email": {"main": "Anna@example.com", "private": None},
                "phone": {"main": "+49 151 12345678", "mobile": "none"},
            },
            "contact_of": 3,
        },
        traits={"work": {"mail": "anna@firm.example"}, "phone": "+4915112345679"},
    )

    assert set(values_of(profile)) == {
        ("user", "C-17"),
        ("email", "anna@example.com"),
        ("email", "anna@firm.example"),
        ("phone", "+4915112345678"),
        ("phone", "+4915112345679"),
    }


def test_nobody_is_named_by_odd_facts() -> None:
    odd: Any = {"contact": {"phone": "49151", "email": 3}}

    assert list(values_of(ProfileFactory.build(data=odd, traits={"phone": 49151, "email": True}))) == []
