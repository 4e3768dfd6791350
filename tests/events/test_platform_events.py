"""A new event of the platform touches one file: all that has to be known of it follows from its declaration."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import AppConfig
from django.apps import apps as django_apps
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils import timezone

from apps.collector import accept
from apps.events import platform_events
from apps.events.event_types import default_types, defaults
from apps.events.event_types.default_types.document import as_markdown
from apps.events.models import Event, EventType, EventTypeAlias, RefusedEvent
from apps.events.store.emitting import Emission, emit
from apps.segments.models import Reevaluation
from tests.segments.people import members, run, segment
from tests.shop import Shop, person

DECLARATION = """
from apps.events.platform_events import PlatformEvent, declare

ASLEEP = declare(PlatformEvent("profile-asleep", "Profile Asleep", properties={"days": "number"}))
"""


def install(folder: Path, declaration: str) -> None:
    """Add an app that declares events of the platform, and look for them anew."""
    package = folder / "dormitory"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "platform_events.py").write_text(declaration)
    django_apps.app_configs["dormitory"] = AppConfig.create("dormitory")
    platform_events.DECLARED.discover()


def forget() -> None:
    for known in (platform_events.types, platform_events.unseen, platform_events.unevaluated, platform_events.leads):
        known.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A place for an app, and a registry that takes its events until the test ends."""
    registry = platform_events.DECLARED
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        patch.setattr(django_apps, "app_configs", dict(django_apps.app_configs))
        patch.setattr(registry, "_declared", dict(registry._declared))
        patch.setattr(registry, "_is_complete", False)
        forget()
        yield tmp_path
    forget()
    for name in [name for name in sys.modules if name.partition(".")[0] == "dormitory"]:
        del sys.modules[name]


@pytest.mark.django_db
@pytest.mark.usefixtures("alone")
def test_an_event_that_one_module_declares_goes_all_the_way(folder: Path, shop: Shop) -> None:
    install(folder, DECLARATION)
    defaults.load_defaults()
    shop.now = timezone.now() - timedelta(hours=1)
    shop.call("track", userId="anna", event="page-view")
    anna = person(primary_id="anna")
    rows = {
        "once": segment("once", "COUNT(ANY EVENT) = 1"),
        "asleep": segment("asleep", 'DID("Profile Asleep" WHERE event@properties.days > 30)'),
    }
    run(Reevaluation.Kind.BUILD, *rows, now=timezone.now())

    emit([Emission("profile-asleep", anna.id, "1", shop.now, {"days": 31})], is_silent=False, now=shop.now)
    accept.ingest(10, at=shop.later(seconds=1))

    event = Event.objects.get(type="profile-asleep")
    assert (event.profile_id, event.properties, event.tags) == (anna.id, {"days": 31}, ["event:system"])
    after = person(primary_id="anna")
    assert (after.event_count, after.last_seen_at) == (anna.event_count, anna.last_seen_at)
    run(Reevaluation.Kind.FULL, *rows, now=timezone.now())
    assert {name: members(name) for name in rows} == {"once": {anna.id}, "asleep": {anna.id}}


@pytest.mark.django_db
def test_senders_cannot_say_it_and_no_alias_leads_to_it(folder: Path, shop: Shop) -> None:
    install(folder, DECLARATION)

    shop.call("track", userId="anna", event="Profile Asleep")

    assert RefusedEvent.objects.get().code == "reserved_type"
    with pytest.raises(ValidationError, match="Only the platform itself"):
        EventTypeAlias(type="dozing", becomes="profile-asleep").clean()


@pytest.mark.django_db
def test_it_is_an_event_type_like_any_other(folder: Path) -> None:
    install(folder, DECLARATION)
    defaults.load_defaults()

    row = EventType.objects.get(pk="profile-asleep")
    assert (row.name, row.group, row.is_builtin) == ("Profile Asleep", "internal", True)
    assert row.definition == {"tags": ["event:system"], "properties": {"days": "number"}}
    assert "### `profile-asleep`" in as_markdown()


def test_a_type_that_is_not_written_as_types_are_is_an_error_that_says_how(folder: Path) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"events\.py:4: the type 'Profile Asleep' is written 'profile-asleep'"
    ):
        install(folder, DECLARATION.replace('"profile-asleep"', '"Profile Asleep"'))


@pytest.mark.parametrize(
    ("type_", "other"), [("segment-entered", "segments/platform_events.py"), ("page-view", "traffic.yaml")]
)
def test_a_type_that_is_declared_twice_is_an_error_that_names_both_places(folder: Path, type_: str, other: str) -> None:
    def start() -> None:
        install(folder, DECLARATION.replace("profile-asleep", type_))
        default_types.load()

    with pytest.raises(ImproperlyConfigured) as raised:
        start()

    assert other in str(raised.value)
    assert "dormitory/platform_events.py:4" in str(raised.value)
