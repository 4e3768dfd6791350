"""What could not be taken of somebody goes with them, and is handed out with the rest."""

from uuid import UUID

import pytest

from apps.inbound.models import BridgeDeadLetter
from apps.inbound.personal import BridgeDeadLetters
from apps.profiles.holdings import Person
from tests.factories import NOON, ProfileFactory
from tests.inbound.factories import BridgeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def letter(body: bytes, **more: object) -> BridgeDeadLetter:
    values = {
        "bridge": BridgeFactory(),
        "key": body.hex()[:64],
        "message_key": "k",
        "at": NOON,
        "reason": "It is none.",
    }
    return BridgeDeadLetter.objects.create(body=body, **{**values, **more})


def test_whoever_is_named_anywhere_in_it_is_meant() -> None:
    profile = ProfileFactory()
    person = Person(profile.pk, (profile.pk,), (profile.pk,), texts=("anna@example.com",))
    named = letter(b'{"to": "anna@example.com", broken')
    by_id = letter(f'{{"profile": "{profile.pk}"'.encode())
    in_headers = letter(b"1", headers={"reply-to": "anna@example.com"})
    other = letter(b'{"to": "bert@example.com"')
    holding = BridgeDeadLetters()

    assert [row["body"] for row in holding.rows(person)] == [
        bytes(row.body).decode() for row in sorted((named, by_id, in_headers), key=lambda row: row.pk)
    ]
    assert holding.erase(person, limit=2) == 2
    assert holding.erase(person, limit=2) == 1
    assert list(BridgeDeadLetter.objects.all()) == [other]


@pytest.mark.parametrize(
    "body",
    [
        b'{"to": "Anna@Example.com", broken',
        rb'{"to": "anna\u0040example.com", broken',
        b"to=anna%40example.com&broken",
        "anna@example.com".encode("utf-16"),
        b"MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\nYW5uYUBleGFtcGxlLmNvbQ==\n",
        b"MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\nanna=40example.com\n",
    ],
)
def test_somebody_is_found_in_whatever_way_they_are_written(body: bytes) -> None:
    letter(body)
    person = Person(UUID(int=1), (UUID(int=1),), (UUID(int=1),), texts=("anna@example.com",))

    assert BridgeDeadLetters().erase(person, limit=10) == 1
