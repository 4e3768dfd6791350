"""Each system check finds what it is for, and nothing else."""

from pathlib import Path

import pytest
from django.contrib.sessions.models import Session as LoginSession
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import isolate_apps
from pytest_django import Settings

from cdp import checks


def ids() -> set[str]:
    return {found.id or "" for found in run_checks() if (found.id or "").startswith("cdp.")}


def test_an_installation_of_one_machine_has_nothing_to_be_told() -> None:
    assert ids() == set()


def test_debugging_is_refused_once_others_may_come_in(settings: Settings) -> None:
    settings.DEBUG = True
    assert ids() == set()

    settings.ALLOWED_HOSTS = ["localhost", "cdp.example"]
    settings.SESSION_COOKIE_SECURE = True
    assert ids() == {"cdp.E001"}

    with pytest.raises(CommandError, match=r"cdp\.E001"):
        call_command("check")


def test_any_host_and_plain_cookies_are_warned_of(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert ids() == {"cdp.W001", "cdp.W002"}

    settings.ALLOWED_HOSTS = ["cdp.example"]
    settings.SESSION_COOKIE_SECURE = True
    assert ids() == set()


@pytest.mark.parametrize("name", ["SECRET_KEY", "IDENTITY_KEY", "ENCRYPTION_KEYS"])
def test_a_short_key_is_refused_by_its_name(settings: Settings, name: str) -> None:
    setattr(settings, name, ["x" * 50, "short"] if name == "ENCRYPTION_KEYS" else "short")

    [found] = [each for each in run_checks() if each.id == "cdp.E002"]
    assert found.msg.startswith(name)


def test_a_key_of_this_machine_alone_is_warned_of_where_the_database_is_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/cdp")
    monkeypatch.delenv("IDENTITY_KEY")
    assert ids() == {"cdp.W003"}

    monkeypatch.setenv("IDENTITY_KEY_FILE", "/run/secrets/identity_key")
    assert ids() == set()


def test_secrets_that_only_this_machine_could_read_are_refused_where_the_database_is_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/cdp")
    monkeypatch.delenv("ENCRYPTION_KEYS")
    assert ids() == {"cdp.E005"}

    monkeypatch.setenv("ENCRYPTION_KEYS_FILE", "/run/secrets/encryption_keys")
    assert ids() == set()


def test_a_database_of_places_that_is_not_there_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "places.mmdb"
    settings.GEOIP_DATABASE = str(path)
    assert ids() == {"cdp.E003"}

    path.touch()
    assert ids() == set()

    settings.GEOIP_DATABASE = str(tmp_path)
    assert ids() == {"cdp.E003"}


@pytest.mark.django_db
@pytest.mark.parametrize("talkative", ["log_min_error_statement = error", "log_statement = mod"])
def test_a_database_that_logs_personal_data_is_told(talkative: str) -> None:
    assert checks.check_database_log(None, databases=["default"]) == []

    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {talkative}")
    [found] = checks.check_database_log(None, databases=["default"])

    assert found.id == "cdp.W004"
    assert talkative.replace(" ", "") in found.msg
    assert checks.check_database_log(None) == []


@isolate_apps("apps.events")
def test_a_relation_to_the_sign_ins_of_the_admin_is_refused() -> None:
    class Visit(models.Model):
        __module__ = "apps.events.models"
        session = models.ForeignKey(LoginSession, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "events"

        def __str__(self) -> str:
            return "visit"

    [found] = checks._links_to_logins([Visit])
    assert found.id == "cdp.E004"
    assert "events.Visit.session" in found.msg
