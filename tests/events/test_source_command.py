"""`manage.py source`: sources from scripts."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.models import AuditEntry
from apps.events import sources
from apps.events.models import Source
from tests.factories import ConsentTypeFactory, SourceFactory

pytestmark = pytest.mark.django_db


def source(*args: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("source", *args, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_source_is_created_with_its_policies_and_told_as_json() -> None:
    options = ["--kind=webhook", "--channel=web", "--origin=https://a.example", "--origin=*.b.example", "--bots=flag"]

    ConsentTypeFactory()

    policies = ("--trusts-ids", "--creates-profiles", "--required-consent=marketing")
    [told] = source("create", "Web shop", *options, *policies)

    made = Source.objects.get()
    assert told == {
        "id": str(made.id),
        "name": "Web shop",
        "kind": "webhook",
        "write_key": made.write_key,
        "channel": "web",
        "is_enabled": True,
    }
    assert made.allowed_origins == ["https://a.example", "*.b.example"]
    assert (made.bots, made.trusts_ids, made.creates_profiles) == ("flag", True, True)
    assert made.required_consents == ["marketing"]


def test_what_proves_a_webhook_is_read_from_a_file(tmp_path: Path) -> None:
    document = tmp_path / "signing.json"
    document.write_text('{"scheme": "github", "secret": "open sesame, mountain"}')

    [told] = source("create", "Code", "--kind=webhook", f"--signing={document}", "--network=198.51.100.0/24")

    policy = sources.find(told["id"])
    assert policy
    assert policy.signing
    assert (policy.signing.scheme, policy.signing.secrets) == ("github", ("open sesame, mountain",))
    assert policy.allows_address("198.51.100.7")
    assert "sesame" not in str(told) + str(AuditEntry.objects.get().details)


@pytest.mark.parametrize(
    ("document", "option", "told"),
    [
        ('{"scheme": "github"}', "--bots=flag", "secret: This has to be filled in."),
        ('{"scheme": "github", "secret": "abc"}', "--bots=flag", "secret: At least 16 characters"),
        ("[]", "--bots=flag", "object"),
        ("no JSON", "--bots=flag", "object of JSON"),
        ("{}", "--network=nowhere", "is no address or network"),
        ("{}", "--origin=nowhere", "is no origin"),
    ],
)
def test_what_could_prove_nothing_is_refused(tmp_path: Path, document: str, option: str, told: str) -> None:
    file = tmp_path / "signing.json"
    file.write_text(document)

    with pytest.raises(CommandError, match=told):
        source("create", "Code", "--kind=webhook", f"--signing={file}", option)

    assert not Source.objects.exists()


def test_a_consent_that_does_not_exist_is_refused() -> None:
    with pytest.raises(CommandError, match="no consent type 'unheard'"):
        source("create", "Web shop", "--required-consent=unheard")

    assert not Source.objects.exists()


def test_all_sources_are_listed_by_name() -> None:
    for name in ("Zebra", "Aardvark"):
        SourceFactory(name=name)

    assert [line["name"] for line in source("list")] == ["Aardvark", "Zebra"]


def test_a_source_is_switched_off_and_on() -> None:
    SourceFactory(name="Web shop")

    assert source("disable", "Web shop")[0]["is_enabled"] is False
    assert not Source.objects.get().is_enabled
    assert source("enable", "Web shop")[0]["is_enabled"] is True


def test_a_name_that_is_taken_is_an_error() -> None:
    SourceFactory(name="Web shop")

    with pytest.raises(CommandError, match="There is a source named 'Web shop' already"):
        source("create", "Web shop")


@pytest.mark.parametrize("action", ["enable", "disable"])
def test_a_source_that_is_not_there_is_an_error(action: str) -> None:
    with pytest.raises(CommandError, match="There is no source named 'Nobody'"):
        source(action, "Nobody")


def test_what_cannot_be_is_an_error_that_names_it() -> None:
    with pytest.raises(CommandError, match="--kind: invalid choice: 'pigeon'"):
        source("create", "Web shop", "--kind=pigeon")
    with pytest.raises(CommandError, match="the following arguments are required: action"):
        source()
    assert not Source.objects.exists()


def test_what_is_changed_by_command_is_in_the_audit_log() -> None:
    source("create", "Web shop")
    source("disable", "Web shop")

    added, changed = AuditEntry.objects.order_by("id")
    made = Source.objects.get()
    assert (added.actor, added.action, added.object_id) == ("command", "added", str(made.pk))
    assert added.details["changes"]["name"] == {"before": None, "after": "Web shop"}
    assert (changed.actor, changed.action) == ("command", "changed")
    assert changed.details["changes"] == {"is_enabled": {"before": True, "after": False}}
