"""Whose messages a source of webhooks takes: those that are signed as its sender's documentation says.

Signatures are computed here by the words of each documentation, and vectors are those that were published.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils.datastructures import CaseInsensitiveMapping
from rest_framework.test import APIClient

from apps.collector.api import views
from apps.core import encryption
from apps.core.typed_settings import SettingsError
from apps.events import sources, webhook_signing
from apps.events.models import Event, InboxItem, RefusalCount, RefusedEvent, Source
from apps.events.store import noticed
from apps.events.webhook_signatures import refusal_of
from tests.collector.signed import (
    NOW,
    NOW_SECS,
    OTHER,
    SECRET,
    basic,
    dated_hmac,
    github,
    plain_hmac,
    shopify,
    slack,
    standard,
    stripe,
    svix,
    webhook,
)
from tests.factories import SourceFactory

BODY = b'{ "amount" : 24.90, "id":"evt_1", "event_id": "Ev1" }'  # not as any library would write it
Sign = Callable[..., dict[str, str]]


class Clock(datetime):
    """Our clock."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "datetime", Clock)


DATED = {
    "header": "X-Sign",
    "algorithm": "sha512",
    "encoding": "base64",
    "prefix": "sha512=",
    "timestamp_header": "X-At",
    "signed_text": "v2:{body}:{timestamp}",
}
SCHEMES: list[tuple[str, dict[str, str], Sign]] = [
    ("standard_webhooks", {}, standard),
    ("standard_webhooks", {}, svix),
    ("stripe", {}, stripe),
    ("shopify", {}, shopify),
    ("github", {}, github),
    ("slack", {}, slack),
    ("hmac", {}, plain_hmac),
    ("hmac", DATED, dated_hmac),
    ("basic", {"user": "anna"}, basic),
]


def parametrized(schemes: list[tuple[str, dict[str, str], Sign]]) -> Any:
    ids = [sign.__name__ for _, _, sign in schemes]
    return pytest.mark.parametrize(("scheme", "more", "sign"), schemes, ids=ids)


of_each_scheme = parametrized(SCHEMES)
WITH_TIME = [each for each in SCHEMES if each[2] in (standard, svix, stripe, slack, dated_hmac)]


def send(client: APIClient, source: Source, headers: dict[str, str], body: bytes = BODY) -> Any:
    return client.post(f"/collect/paid/{source.id}", body, content_type="application/json", headers=headers)


def refused() -> list[str]:
    noticed.flush()
    return list(RefusalCount.objects.values_list("code", flat=True))


@of_each_scheme
def test_what_its_sender_signed_is_taken(client: APIClient, scheme: str, more: dict[str, str], sign: Sign) -> None:
    answer = send(client, webhook(scheme, **more), sign(BODY))

    assert answer.status_code == 200
    assert Event.objects.get().properties["amount"] == 24.9


@of_each_scheme
def test_what_nobody_signed_is_refused_counted_and_not_kept(
    client: APIClient, scheme: str, more: dict[str, str], sign: Sign
) -> None:
    answer = send(client, webhook(scheme, **more), {})

    assert (answer.status_code, answer.json()["code"][:8]) == (401, "missing_")
    assert [code[:8] for code in refused()] == ["missing_"]
    assert not Event.objects.exists()
    assert not RefusedEvent.objects.exists()
    assert not InboxItem.objects.exists()


@of_each_scheme
def test_another_secret_signs_nothing(client: APIClient, scheme: str, more: dict[str, str], sign: Sign) -> None:
    answer = send(client, webhook(scheme, **more), sign(BODY, OTHER))

    assert (answer.status_code, answer.json()["code"][:6]) == (401, "wrong_")
    assert [code[:6] for code in refused()] == ["wrong_"]
    assert not Event.objects.exists()


@of_each_scheme
def test_while_secrets_change_both_count(client: APIClient, scheme: str, more: dict[str, str], sign: Sign) -> None:
    source = webhook(scheme, second_secret=OTHER, **more)

    answers = [send(client, source, sign(BODY, secret)).status_code for secret in (SECRET, OTHER)]

    assert answers == [200, 200]


@parametrized([each for each in SCHEMES if each[0] != "basic"])
def test_a_byte_more_is_another_message(client: APIClient, scheme: str, more: dict[str, str], sign: Sign) -> None:
    """Though the JSON says the same."""
    answer = send(client, webhook(scheme, **more), sign(BODY), BODY + b" ")

    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_signature")


@parametrized(WITH_TIME)
@pytest.mark.parametrize(("secs", "is_taken"), [(0, True), (-299, True), (299, True), (-301, False), (301, False)])
def test_what_was_signed_too_long_ago_is_refused(
    client: APIClient, scheme: str, more: dict[str, str], sign: Sign, secs: int, is_taken: bool
) -> None:
    at = str(int((NOW + timedelta(seconds=secs)).timestamp()))

    answer = send(client, webhook(scheme, **more), sign(BODY, at=at))

    assert answer.status_code == (200 if is_taken else 401)
    assert is_taken or answer.json()["code"] == "expired_signature"


@parametrized(WITH_TIME)
@pytest.mark.parametrize("at", ["", "soon", "-1", "9" * 30])
def test_a_time_that_is_none_proves_nothing(
    client: APIClient, scheme: str, more: dict[str, str], sign: Sign, at: str
) -> None:
    assert send(client, webhook(scheme, **more), sign(BODY, at=at)).status_code == 401


def test_the_window_is_as_long_as_somebody_says(client: APIClient) -> None:
    source = webhook("stripe", tolerance="1 hour")
    earlier, long_ago = (str(int((NOW - timedelta(minutes=ago)).timestamp())) for ago in (50, 70))

    assert send(client, source, stripe(BODY, at=earlier)).status_code == 200
    assert send(client, source, stripe(BODY, at=long_ago)).status_code == 401


def test_milliseconds_are_times_too(client: APIClient) -> None:
    assert send(client, webhook("hmac", **DATED), dated_hmac(BODY, at=f"{NOW_SECS}123")).status_code == 200


@pytest.mark.parametrize(
    ("document", "headers", "body", "at"),
    [
        (  # docs.github.com, validating webhook deliveries
            {"scheme": "github", "secret": "It's a Secret to Everybody"},
            {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
            b"Hello, World!",
            0,
        ),
        (  # docs.svix.com, verifying payloads manually: the standard's own form
            {"scheme": "standard_webhooks", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
            {
                "Svix-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "Svix-Timestamp": "1614265330",
                "Svix-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,MzJsNDk4MzI0K2VvdQo=",
            },
            b'{"test": 2432232314}',
            1614265330,
        ),
        (  # docs.slack.dev, verifying requests from Slack
            {"scheme": "slack", "secret": "8f742231b10e8888abcd99yyyzzz85a5"},
            {
                "X-Slack-Request-Timestamp": "1531420618",
                "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            },
            b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
            b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
            b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
            b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
            1531420618,
        ),
    ],
)
def test_published_examples_hold(document: dict[str, str], headers: dict[str, str], body: bytes, at: int) -> None:
    signing = webhook_signing.opened(document, "")

    assert refusal_of(signing, CaseInsensitiveMapping(headers), body, now=datetime.fromtimestamp(at, UTC)) is None
    assert refusal_of(signing, CaseInsensitiveMapping(headers), body + b"!", now=datetime.fromtimestamp(at, UTC))


@pytest.mark.parametrize(
    ("scheme", "sign", "id"),
    [
        ("standard_webhooks", standard, "msg_1"),
        ("standard_webhooks", svix, "msg_1"),
        ("stripe", stripe, "evt_1"),
        ("shopify", shopify, "s-1"),
        ("github", github, "g-1"),
        ("slack", slack, "Ev1"),
    ],
)
def test_a_message_that_comes_again_counts_once(client: APIClient, scheme: str, sign: Sign, id: str) -> None:
    """Whoever caught it may add a header by which other senders name theirs."""
    source = webhook(scheme)

    for headers in ({}, {"Idempotency-Key": "another"}):
        assert send(client, source, {**sign(BODY), **headers}).status_code == 200

    assert Event.objects.get().message_id == id


def test_a_path_of_ones_own_wins(client: APIClient) -> None:
    source = webhook("stripe")
    Source.objects.update(message_id_path="event_id")

    send(client, source, stripe(BODY))

    assert Event.objects.get().message_id == "Ev1"


def test_what_stands_in_an_address_is_not_signed(client: APIClient) -> None:
    source = webhook("github")

    answer = client.get(f"/collect/paid/{source.id}?amount=5", headers=github(b""))

    assert (answer.status_code, answer.json()["code"]) == (401, "missing_signature")
    assert client.head(f"/collect/paid/{source.id}").status_code == 200


def test_a_password_lets_addresses_in_and_is_asked_for(client: APIClient) -> None:
    source = webhook("basic", user="anna")

    asked = client.get(f"/collect/paid/{source.id}?amount=5")
    given = client.get(f"/collect/paid/{source.id}?amount=5", headers=basic(b""))

    assert (asked.status_code, asked["WWW-Authenticate"][:5]) == (401, "Basic")
    assert given.status_code == 200
    assert Event.objects.get().properties == {"amount": "5"}


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Bearer x", "Basic YW5uYQ==", "Basic OndoYXQ="])
def test_odd_credentials_are_wrong_ones(client: APIClient, header: str) -> None:
    assert send(client, webhook("basic", user="anna"), {"Authorization": header}).status_code == 401


def test_nothing_is_unpacked_before_it_is_proven(client: APIClient) -> None:
    source, bomb = webhook("github"), b"no gzip at all"

    unsigned = send(client, source, {"Content-Encoding": "gzip"}, bomb)
    signed = send(client, source, {"Content-Encoding": "gzip", **github(bomb)}, bomb)

    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "missing_signature")
    assert (signed.status_code, signed.json()["code"]) == (400, "invalid_gzip")


def test_secrets_are_encrypted_and_shown_by_nothing(db: None) -> None:
    source = webhook("basic", user="anna", second_secret=OTHER)

    stored = Source.objects.filter(pk=source.pk).values("signing", "signing_secrets").get()
    policy = sources.find(source.write_key)

    assert "secret" not in json.dumps(stored["signing"])
    assert SECRET in encryption.decrypt(stored["signing_secrets"].token)
    assert policy
    assert policy.signing
    assert policy.signing.secrets == (SECRET, OTHER)
    assert SECRET not in repr(policy) + repr(policy.signing)


def test_a_secret_that_cannot_be_read_lets_nothing_in(client: APIClient, settings: Any) -> None:
    source = webhook("github")
    settings.ENCRYPTION_KEYS = ["another key of thirty-two characters, which opens nothing"]

    answer = send(client, source, github(BODY))

    assert (answer.status_code, answer.json()["code"]) == (500, "unreadable_secret")
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"header": "X Signature"}, "header"),
        ({"header": ""}, "header"),
        ({"signed_text": "v1"}, "signed_text"),
        ({"signed_text": "{timestamp}.{body}"}, "signed_text"),
        ({"timestamp_header": "X-At"}, "signed_text"),
        ({"tolerance": "2 days"}, "tolerance"),
        ({"scheme": "standard_webhooks", "secret": "whsec_no-base64"}, "secret"),
        ({"scheme": "standard_webhooks", "secret": "whsec_"}, "secret"),
        ({"scheme": "standard_webhooks", "secret": SECRET, "second_secret": "whsec_"}, "second_secret"),
        ({"scheme": "basic", "user": "a:b"}, "user"),
        ({"scheme": "github", "secret": ""}, "secret"),
    ],
)
def test_what_could_prove_nothing_is_refused(more: dict[str, str], field: str) -> None:
    with pytest.raises(SettingsError) as raised:
        webhook_signing.opened({"scheme": "hmac", "secret": "s", **more}, "")

    assert [problem.path for problem in raised.value.problems] == [field]


def test_nothing_is_asked_of_who_signs_nothing() -> None:
    assert refusal_of(webhook_signing.opened({}, ""), {}, None, now=NOW) is None


@pytest.mark.parametrize(("ip", "status"), [("203.0.113.7", 200), ("192.0.2.1", 403)])
def test_only_listed_addresses_may_send(client: APIClient, ip: str, status: int) -> None:
    source = SourceFactory(kind=Source.Kind.WEBHOOK, allowed_networks=["203.0.113.0/24"])

    answer = client.post(f"/collect/paid/{source.id}", {"a": 1}, format="json", REMOTE_ADDR=ip)

    assert answer.status_code == status
    assert refused() == ([] if status == 200 else ["address_not_allowed"])
