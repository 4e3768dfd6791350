"""What is one identifier however it is written, and what is none."""

from typing import Any

import pytest

from apps.profiles.identifiers import identifier_id, normalise, usable
from apps.profiles.models import BlockedIdentifier, Identifier

Kind = Identifier.Kind


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.EMAIL, " Anna+News@Example.COM ", "anna+news@example.com"),
        (Kind.EMAIL, "anna", None),
        (Kind.EMAIL, "anna@localhost", None),
        (Kind.EMAIL, "anna@example.com, ben@example.com", None),
        (Kind.PHONE, "+1 (202) 555-0143", "+12025550143"),
        (Kind.PHONE, "tel:+49-171-1234567", "+491711234567"),
        (Kind.PHONE, "0171 1234567", None),
        (Kind.PHONE, "+1 111 111 1111", None),
        (Kind.PHONE, "0000", None),
        (Kind.USER, " Customer-17 ", "Customer-17"),
        (Kind.DEVICE, "x" * 600, None),
        (Kind.EXTERNAL, "  ", None),
    ],
)
def test_what_means_the_same_is_the_same(kind: str, value: str, expected: str | None) -> None:
    assert normalise(kind, value) == expected


def test_a_national_number_is_one_where_the_region_is_set(settings: Any) -> None:
    from apps.profiles.identifiers import _phone

    settings.DEFAULT_REGION = "DE"
    _phone.cache_clear()

    assert normalise(Kind.PHONE, "0171 / 123 45 67") == "+491711234567"
    _phone.cache_clear()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.USER, "null"),
        (Kind.USER, "0000"),
        (Kind.ANONYMOUS, "[object Object]"),
        (Kind.ANONYMOUS, "00000000-0000-0000-0000-000000000000"),
        (Kind.EMAIL, "info@acme.example"),
        (Kind.EMAIL, "Support+de@acme.example"),
        (Kind.EMAIL, "test@test.com"),
        (Kind.EMAIL, "undefined@example.com"),
        (Kind.EMAIL, "anna@null.com"),
        (Kind.EMAIL, "anna@shop.invalid"),
        *(
            (Kind.EMAIL, f"{name}@shop.example")
            for name in (
                *("user", "AnonymousUser", "no-email", "no.email", "invalid", "no", "name", "your", "deleted", "gast"),
                *("redacted", "customer", "walkin", "null.null", "undefined.undefined", "%recipient%", "no.reply"),
                *("example", "{{name}}", "-"),
            )
        ),
        (Kind.EMAIL, "me@domain.com"),
    ],
)
def test_what_names_nobody_is_no_identifier(kind: str, value: str) -> None:
    assert usable(kind, value) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [
        *(
            "anna@example.com",
            "ben@example.org",
            "anna@domain.com",
            "john.doe@shop.example",
            "john.doe@example.com",
            "me@anna.example",
        ),
        *("anna@id.me", "anna@login.gov", "anna@inf.school.example", "user7@shop.example", "anna.user@shop.example"),
    ],
)
def test_a_name_at_any_host_that_there_may_be_is_an_address(value: str) -> None:
    assert usable(Kind.EMAIL, value) == value


@pytest.mark.django_db
def test_administrators_block_values_and_patterns_of_one_kind_or_all() -> None:
    BlockedIdentifier.objects.create(kind=Kind.EMAIL, pattern="*@agency.example")
    BlockedIdentifier.objects.create(kind=Kind.EMAIL, pattern="*@m\u00fcnchen.example")
    BlockedIdentifier.objects.create(pattern="Kiosk")

    assert usable(Kind.EMAIL, "anna@Agency.example") is None
    assert usable(Kind.EMAIL, "anna@M\u00fcnchen.example") is usable(Kind.EMAIL, "a@xn--mnchen-3ya.example") is None
    assert usable(Kind.USER, "anna@agency.example") is not None
    assert usable(Kind.USER, "kiosk") is usable(Kind.DEVICE, "KIOSK") is None
    assert usable(Kind.DEVICE, "kiosk-2") is not None


def test_identifiers_of_different_kinds_differ() -> None:
    assert identifier_id(Kind.USER, "17") != identifier_id(Kind.EXTERNAL, "17")
