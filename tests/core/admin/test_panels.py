"""Higher apps show themselves on the pages of lower ones, which stand without them; each user sees what is for them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps as django_apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.core import roles
from apps.core.admin import panels
from apps.core.admin.browser import Browser
from apps.core.registry import Registry
from apps.profiles.models import Profile
from cdp.processes import BASE_DIR
from tests.factories import ConsentTypeFactory, MembershipFactory, ProfileFactory, SegmentFactory
from tests.live import own_database

LIST = reverse("admin:profiles_profile_changelist")


def page_of(row: Profile) -> str:
    return reverse("admin:profiles_profile_change", args=[row.pk])


def member() -> Profile:
    found = ProfileFactory.create()
    listed = SegmentFactory(kind="list", condition="", key="regulars", name="Regular ones")
    MembershipFactory(segment=listed, profile_id=found.pk)
    return found


def user_with(*permissions: str) -> User:
    found = User.objects.create(username="somebody", is_staff=True)
    for each in permissions:
        app, _, codename = each.partition(".")
        found.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return found


def client_with(*permissions: str) -> Client:
    client = Client()
    client.force_login(user_with(*permissions))
    return client


@pytest.mark.django_db
def test_a_panel_is_for_those_who_have_the_permission_that_it_needs() -> None:
    person = member()
    few = client_with("profiles.view_profile")

    page = few.get(page_of(person)).content.decode()
    assert "<h2>Facts</h2>" in page
    assert [title for title in ("Segments", "Timeline", "Latest sessions", "Computed") if title in page] == []
    assert "Regular ones" not in few.get(LIST).content.decode()
    assert few.get(LIST, {"segment": "regulars"}).status_code == 400
    assert few.get(reverse("admin:profile_timeline", args=[person.pk])).status_code == 403

    User.objects.get(username="somebody").user_permissions.add(Permission.objects.get(codename="view_segment"))
    page = few.get(page_of(person)).content.decode()
    assert "<h2>Segments</h2>" in page
    assert "Regular ones" in page
    assert "<h2>Timeline</h2>" not in page
    assert "Regular ones" in few.get(LIST).content.decode()
    assert few.get(LIST, {"segment": "regulars"}).status_code == 200


@pytest.mark.django_db
def test_two_users_who_look_at_once_see_each_their_own() -> None:
    """One page serves all threads: what it prepares for one is shown after it has prepared the same for the other."""
    roles.load()
    ConsentTypeFactory(name="Letters")
    shown, page = {}, admin.site._registry[Profile]
    for role in ("Data steward", "Analyst"):
        request = RequestFactory().get("/")
        request.user = User.objects.create(username=role)
        request.user.groups.add(Group.objects.get(name=role))
        sections = {title: options["fields"][0] for title, options in page.get_fieldsets(request)}
        shown[role] = sections, request

    for role, (sections, request) in reversed(shown.items()):
        person = ProfileFactory.create()
        page.mask(request, person)  # type: ignore[attr-defined]
        consents = sections["Consents"](person)
        assert ("Record a decision" in consents, "hidden" in consents) == (role == "Data steward", role == "Analyst")


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Registry[panels.Panel]:
    """The panels of a test, in place of all others."""
    made: Registry[panels.Panel] = Registry("panel", module="no.such.module")
    monkeypatch.setattr(panels, "PANELS", made)
    return made


@pytest.mark.django_db
def test_panels_stand_in_their_order_among_what_a_page_has_of_its_own(
    admin_client: Client, toys: Registry[panels.Panel]
) -> None:
    @panels.panel(Profile, panels.COLUMNS, title="Lucky", order=15)
    def lucky(request: Any, row: Profile) -> str:
        return f"{request.user} looks at {row.pk}"

    @panels.panel(Profile, panels.SIDE, title="Second", order=2)
    def second(request: Any, row: Profile) -> str:
        return "the second"

    @panels.panel(Profile, panels.SIDE, title="First", order=1)
    def first(request: Any, row: Profile) -> str:
        return "the first"

    panels.discover(admin.site)
    person = ProfileFactory.create()

    table = admin_client.get(LIST).content.decode()
    assert f"admin looks at {person.pk}" in table
    assert table.index("Person") < table.index("Lucky") < table.index("Kind")
    page = admin_client.get(page_of(person)).content.decode()
    assert page.index("the first") < page.index("the second")


@pytest.mark.parametrize(("model", "slot"), [(Profile, "cellar"), (Group, panels.MAIN)])
def test_a_panel_whose_slot_does_not_exist_is_refused_with_its_file(
    model: Any, slot: str, toys: Registry[panels.Panel]
) -> None:
    panels.panel(model, slot)(str)

    with pytest.raises(ImproperlyConfigured, match=rf"test_panels\.py:\d+: there is no slot {slot}"):
        panels.discover(admin.site)


@pytest.mark.parametrize(
    ("needs", "told"),
    [
        (("profiles.fly_profile",), "there is no permission profiles.fly_profile"),
        ("profiles.view_profile", "permissions are listed, 'profiles.view_profile' is a text"),
    ],
)
def test_a_panel_that_needs_what_is_no_permission_is_refused_with_its_file(
    needs: Any, told: str, toys: Registry[panels.Panel]
) -> None:
    panels.panel(Profile, panels.MAIN, needs=needs)(str)

    with pytest.raises(ImproperlyConfigured, match=rf"test_panels\.py:\d+: {told}"):
        panels.discover(admin.site)


@pytest.mark.django_db
@pytest.mark.parametrize("slot", [panels.HEAD, panels.MAIN, panels.SIDE, panels.COLUMNS])
@pytest.mark.parametrize("error", [AttributeError, ValueError, Profile.DoesNotExist, RuntimeError])
def test_a_panel_that_fails_takes_nothing_else_with_it_and_is_logged_once(
    slot: str,
    error: type[Exception],
    admin_client: Client,
    toys: Registry[panels.Panel],
    caplog: pytest.LogCaptureFixture,
) -> None:
    @panels.panel(Profile, slot, title="Broken")
    def broken(request: Any, row: Profile) -> str:
        raise error

    @panels.panel(Profile, panels.SIDE, title="Whole")
    def whole(request: Any, row: Profile) -> str:
        return "all is well"

    panels.discover(admin.site)
    person = ProfileFactory.create()

    with caplog.at_level("ERROR"):
        answer = admin_client.get(LIST if slot == panels.COLUMNS else page_of(person))

    assert (answer.status_code, "could not be shown" in answer.content.decode()) == (200, True)
    assert slot == panels.COLUMNS or "all is well" in answer.content.decode()
    [logged] = [record for record in caplog.records if record.name == panels.__name__]
    assert "test_panels.py:" in logged.panel  # type: ignore[attr-defined]


def test_slots_are_places_that_pages_have() -> None:
    places = {panels.MAIN, panels.SIDE, panels.HEAD, panels.COLUMNS, panels.FILTERS, panels.PAGES, panels.UNDER_WAY}
    for page in admin.site._registry.values():
        if isinstance(page, Browser):
            assert set(page.slots) - places <= {title for title, _ in page.fieldsets or ()}, page


# --- In processes of their own, as apps are installed when one starts -------------------------------------------------
def run(code: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    paths = os.pathsep.join([str(folder), str(BASE_DIR)])
    whole = {**os.environ, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "installed", **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=whole, cwd=folder, capture_output=True, text=True, timeout=110)


# Whatever stands above segments needs them, and has pages of its own.
WITHOUT = """
from cdp.settings import *

INSTALLED_APPS = INSTALLED_APPS[: INSTALLED_APPS.index("apps.segments")]  # what is above may need it
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("apps.collector.")]
ROOT_URLCONF = "pages"
"""
PAGES = """
from django.contrib import admin
from django.urls import path

admin.autodiscover()
of_packages = [model for model in admin.site._registry if not model.__module__.startswith("apps.")]
admin.site.unregister(of_packages)  # console has pages in their place
urlpatterns = [path("admin/", admin.site.urls)]
"""
LOOK = """
import json, django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
call_command("migrate", verbosity=0)
call_command("partitions", stdout=open("partitions.log", "w"))
from apps.core.ids import new_id
from apps.events.models import Event, EventType
from apps.profiles.models import Profile
from apps.sessions.models import Session
now = timezone.now()
seen = {"created_at": now, "updated_at": now, "first_seen_at": now, "last_seen_at": now, "last_active_at": now}
person = Profile.objects.create(**seen)
moments = {"started_at": now, "last_seen_at": now, "last_active_at": now}
session = Session.objects.create(profile=person, source_id=new_id(), **moments)
event = Event.objects.create(
    id=new_id(), type="page-view", time=now, received_at=now, processed_at=now,
    profile_id=person.pk, session_id=session.pk, source_id=session.source_id,
)
client = Client(headers={"host": "localhost"})
client.force_login(User.objects.create(username="admin", is_staff=True, is_superuser=True))
found = {}
pages = {"profiles_profile": person, "events_event": event, "cdp_sessions_session": session}
pages["events_eventtype"] = EventType.objects.get(type="page-view")
for page, row in pages.items():
    for address in (reverse(f"admin:{page}_changelist"), reverse(f"admin:{page}_change", args=[row.pk])):
        answer = client.get(address)
        found[address] = answer.status_code, answer.content.decode()
print(json.dumps(found))
"""


def test_pages_of_lower_apps_stand_without_segments(tmp_path: Path) -> None:
    (tmp_path / "installed.py").write_text(WITHOUT)
    (tmp_path / "pages.py").write_text(PAGES)

    with own_database() as database:
        done = run(LOOK, tmp_path, DATABASE_URL=database)

    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[int, str]] = json.loads(done.stdout.splitlines()[-1])
    assert {address: status for address, (status, _) in found.items() if status != 200} == {}
    traces = r'<h2>Segments|/admin/segments/|name="segment"|\bsegment='
    assert [address for address, (_, page) in found.items() if re.search(traces, page)] == []
    person = next(page for address, (_, page) in found.items() if "/profile/" in address and "change" in address)
    assert ("<h2>Timeline</h2>" in person, "<h2>Latest sessions</h2>" in person) == (True, True)
    assert django_apps.is_installed("apps.segments")
