"""What a start brings into a database, and that the next start leaves it alone."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from pytest_django import Settings

from apps.console import samples, setup
from apps.core import roles
from apps.events.models import EventType, Source
from apps.events.store import partitions
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("static")


@pytest.fixture(autouse=True)
def own_static_root(static_root: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = static_root
    # Without compressing them, which takes seconds.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def quick_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "PEOPLE", 3)


def password_in(told: list[str]) -> str:
    [line] = [line for line in told if line.startswith("Administrator")]
    return line.split("password ")[1].split()[0]


def test_a_fresh_database_gets_all_that_it_needs_once(static_root: Path) -> None:
    told = setup.prepare(wants_samples=True)

    admin = User.objects.get(is_superuser=True)
    assert admin.check_password(password_in(told))
    assert any("3 people" in line for line in told)
    assert Group.objects.filter(name__in=roles.names()).count() == len(roles.names())
    assert EventType.objects.filter(is_builtin=True).exists()
    assert len(partitions.existing()) >= 4
    assert (static_root / "cdp" / "admin.css").exists()

    assert setup.prepare(wants_samples=True) == []  # the next start
    assert User.objects.count() == 1


def test_samples_are_for_empty_databases_and_can_be_left_out() -> None:
    assert not any("Samples" in line for line in setup.prepare(wants_samples=False))
    assert not Source.objects.exists()

    SourceFactory()
    assert setup.prepare(wants_samples=True) == []


def test_whoever_administers_already_is_left_alone() -> None:
    User.objects.create_superuser("anna", password="anna's own")

    assert setup.create_first_administrator() is None
    assert not User.objects.filter(username="admin").exists()
