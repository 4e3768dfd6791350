"""Saying in the admin what proves the messages of a webhook, and trying it from a shell."""

import base64
import json
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import CaseInsensitiveMapping

from apps.core import encryption
from apps.core.models import AuditEntry
from apps.events import webhook_signing
from apps.events.admin.webhook_example import MESSAGE, example
from apps.events.models import Source
from apps.events.store import noticed
from apps.events.webhook_signatures import refusal_of
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + base64.b64encode(b"\xff\x00 twenty-four bytes of it").decode()
FORM = {"name": "Payments", "kind": "webhook", "bots": "refuse", "is_enabled": "on"}
STRIPE = {**FORM, "signing_scheme": "stripe", "signing_tolerance": "10 minutes", "signing_challenge": "none"}


def secrets_of(source: Source) -> dict[str, str]:
    [token] = Source.objects.filter(pk=source.pk).values_list("signing_secrets", flat=True)
    found: dict[str, str] = json.loads(encryption.decrypt(token.token)) if token else {}
    return found


def change(client: Client, source: Source, form: dict[str, Any]) -> Any:
    return client.post(reverse("admin:events_source_change", args=[source.pk]), form)


def test_a_secret_goes_in_stays_is_replaced_and_never_comes_out(admin_client: Client) -> None:
    admin_client.post(reverse("admin:events_source_add"), {**STRIPE, "signing_secret": "open sesame, mountain"})
    source = Source.objects.get()
    assert source.signing == {"scheme": "stripe", "tolerance": "10 minutes", "challenge": "none"}
    assert secrets_of(source) == {"secret": "open sesame, mountain"}

    change(admin_client, source, {**STRIPE, "signing_second_secret": "abracadabra, abracadabra"})
    assert secrets_of(source) == {"secret": "open sesame, mountain", "second_secret": "abracadabra, abracadabra"}
    change(
        admin_client,
        source,
        {**STRIPE, "signing_secret": "abracadabra, abracadabra", "signing_second_secret-taken-away": "on"},
    )
    assert secrets_of(source) == {"secret": "abracadabra, abracadabra"}

    shown = admin_client.get(reverse("admin:events_source_change", args=[source.pk])).content.decode()
    recorded = [(entry.action, json.dumps(entry.details)) for entry in AuditEntry.objects.order_by("id")]
    assert "It is kept, and not shown." in shown
    assert [action for action, _ in recorded] == ["added", "rekeyed", "changed", "rekeyed", "changed"]
    assert not any(word in shown + str(recorded) for word in ("sesame", "abracadabra"))


def test_nothing_is_left_of_a_secret_that_is_not_asked_for_any_more(admin_client: Client) -> None:
    admin_client.post(reverse("admin:events_source_add"), {**STRIPE, "signing_secret": "open sesame, mountain"})
    source = Source.objects.get()

    change(admin_client, source, {**FORM, "signing_scheme": "none", "signing_challenge": "none"})

    assert secrets_of(source) == {}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({}, "signing_secret"),
        ({"signing_secret": "abc"}, "signing_secret"),
        ({"signing_tolerance": "a year"}, "signing_tolerance"),
        ({"signing_scheme": "hmac", "signing_secret": "s", "signing_signed_text": "x"}, "signing_signed_text"),
        ({"signing_secret": "s", "signing_challenge": "meta"}, "signing_verify_token"),
        ({"signing_secret": "s", "allowed_networks": "198.51.100.1/24"}, "allowed_networks"),
    ],
)
def test_a_mistake_is_shown_at_its_field(admin_client: Client, more: dict[str, str], field: str) -> None:
    answer = admin_client.post(reverse("admin:events_source_add"), {**STRIPE, **more})

    assert field in answer.context["adminform"].form.errors
    assert not Source.objects.exists()


def test_other_sources_are_saved_without_any_of_that(admin_client: Client) -> None:
    admin_client.post(reverse("admin:events_source_add"), {**FORM, "kind": "api", "name": "Shop"})

    assert (Source.objects.get().signing, secrets_of(Source.objects.get())) == ({}, {})


def test_a_source_tells_why_nothing_arrives(admin_client: Client) -> None:
    source = SourceFactory(kind="webhook")
    webhook_signing.fill(source, webhook_signing.opened({"scheme": "github", "secret": "s"}, ""))
    source.save()

    admin_client.post(f"/collect/x/{source.pk}", {}, content_type="application/json")
    noticed.flush()

    shown = admin_client.get(reverse("admin:events_source_change", args=[source.pk])).content.decode()
    assert "The message has no signature in X-Hub-Signature-256." in shown


@pytest.mark.parametrize(
    "document",
    [
        {"scheme": "standard_webhooks"},
        {"scheme": "stripe"},
        {"scheme": "shopify"},
        {"scheme": "github"},
        {"scheme": "slack"},
        {"scheme": "basic", "user": "anna o'hara"},
        {"scheme": "hmac", "algorithm": "sha1", "prefix": '$HOME"`'},
        {
            "scheme": "hmac",
            "encoding": "base64",
            "algorithm": "sha512",
            "timestamp_header": "X-At",
            "signed_text": '"$v`\\:{timestamp}.{body}',
        },
    ],
    ids=lambda document: str(document["scheme"]),
)
def test_the_example_sends_what_is_taken(document: dict[str, str]) -> None:
    """A shell runs it, with another curl, which tells how it was called."""
    signing = webhook_signing.opened({**document, "secret": SECRET}, "")
    lines = example("https://cdp.example/collect/x/y", signing).replace("SECRET='…'", f"SECRET='{SECRET}'")

    told = subprocess.run(
        ["bash", "-c", f"""curl() {{ printf '%s\\0' "$@"; }}\n{lines}"""], capture_output=True, check=True, text=True
    )

    address, *said = told.stdout.rstrip("\0").split("\0")
    given = list(zip(said[::2], said[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in given if option == "-H")
    users = [value for option, value in given if option == "-u"]
    if users:
        headers["Authorization"] = "Basic " + base64.b64encode(users[0].encode()).decode()
    assert (address, given[-1]) == ("https://cdp.example/collect/x/y", ("-d", MESSAGE))
    assert refusal_of(signing, CaseInsensitiveMapping(headers), MESSAGE.encode(), now=datetime.now(UTC)) is None


def test_who_signs_nothing_has_an_example_too() -> None:
    assert example("https://x", webhook_signing.opened({}, "")).startswith("curl https://x -H")


def test_who_may_only_look_sees_the_page_and_no_secret(client: Client) -> None:
    source = SourceFactory(kind="webhook")
    webhook_signing.fill(source, webhook_signing.opened({"scheme": "github", "secret": "open sesame, mountain"}, ""))
    source.save()
    user = User.objects.create(username="bob", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_source"))
    client.force_login(user)

    answer = client.get(reverse("admin:events_source_change", args=[source.pk]))

    assert answer.status_code == 200
    assert "sesame" not in answer.content.decode()
    assert change(client, source, STRIPE).status_code == 403
