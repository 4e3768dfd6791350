"""Each role sees and may do just what it should: asked page by page, as a user of that role."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from apps.core import roles
from apps.events.models import InboxItem, Source
from tests.factories import NOON, InboxItemFactory, SourceFactory
from tests.registries import declared

pytestmark = pytest.mark.django_db

ROLES = [*roles.names(), ""]
# Who may record what somebody decided does so on the person's page.
ADDED_ELSEWHERE = {"profiles.consentdecision"}


def granted(role: str) -> set[str]:
    """Return what the apps let a role do: `tests/*/declares.json` has it."""
    return {found.permission for found in roles.grants.values() if found.role == role}


def sees(role: str) -> set[str]:
    """Return the models whose lists a role should see."""
    viewed = {permission.replace(".view_", ".") for permission in granted(role) if ".view_" in permission}
    if "django_rq.admin" in granted(role):
        viewed.add("django_rq.dashboard")
    return viewed & {model._meta.label_lower for model in admin.site._registry}


def adds(role: str) -> set[str]:
    """Return the models of which a role should have the page that adds one."""
    added = {permission.replace(".add_", ".") for permission in granted(role) if ".add_" in permission}
    return added - ADDED_ELSEWHERE


def signed_in(role: str) -> Client:
    """Sign somebody in who may enter the admin, and has this one role; or none."""
    user = User.objects.create(username="somebody", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def pages_that_open(client: Client, page: str) -> set[str]:
    """Ask for a page of every model of the admin; whoever may not see it is told so, and nothing else happens."""
    opened = set()
    for model in admin.site._registry:
        meta = model._meta
        status = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}")).status_code
        assert status in (200, 403), (meta.label, status)
        if status == 200:
            opened.add(f"{meta.app_label}.{meta.model_name}")
    return opened


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_the_lists_that_it_should(role: str) -> None:
    assert pages_that_open(signed_in(role), "changelist") == sees(role)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_add_what_it_should(role: str) -> None:
    assert pages_that_open(signed_in(role), "add") == adds(role)


@pytest.mark.parametrize("role", ROLES)
def test_the_navigation_offers_no_page_that_the_role_may_not_see(role: str) -> None:
    home = signed_in(role).get("/admin/").content.decode()

    for model in admin.site._registry:
        name = f"{model._meta.app_label}.{model._meta.model_name}"
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert (f'href="{address}"' in home) == (name in sees(role)), name


@pytest.mark.parametrize("role", ROLES)
def test_only_some_may_change_or_delete_a_source(role: str) -> None:
    client, source = signed_in(role), SourceFactory(name="Before")
    page = reverse("admin:events_source_change", args=[source.pk])

    client.post(page, {"name": "After", "kind": "api", "bots": "refuse", "is_enabled": "on"})
    client.post(reverse("admin:events_source_delete", args=[source.pk]), {"post": "yes", "name": "After"})

    may = "events.source" in adds(role)
    assert Source.objects.filter(name="Before").exists() == (not may)
    assert not Source.objects.filter(name="After").exists()


@pytest.mark.parametrize("role", ROLES)
def test_only_who_sees_the_inbox_may_try_what_failed_again(role: str) -> None:
    client, item = signed_in(role), InboxItemFactory(dead_at=NOON)

    client.post(reverse("admin:events_inboxitem_changelist"), {"action": "release", "_selected_action": [item.pk]})

    may = "events.inboxitem" in sees(role)
    assert InboxItem.objects.filter(dead_at=None).exists() == may


@pytest.mark.parametrize("page", ["queues/0/", "queues/0/empty/", "queues/0/failed/clear/", "workers/0/", "stats.json"])
@pytest.mark.parametrize("role", ROLES)
def test_queues_and_their_jobs_are_for_those_who_see_the_queues(role: str, page: str) -> None:
    status = signed_in(role).get(f"/admin/django_rq/dashboard/{page}").status_code

    assert status == (200 if "django_rq.dashboard" in sees(role) else 403)


def test_somebody_who_is_not_signed_in_is_asked_to() -> None:
    for page in (
        "/admin/",
        "/admin/events/event/",
        "/admin/django_rq/dashboard/",
        "/admin/django_rq/dashboard/queues/0/",
    ):
        answer = Client().get(page)
        assert answer.status_code == 302
        assert "/admin/login/" in answer.headers["Location"]


def test_a_user_who_is_not_of_the_staff_does_not_get_in_with_a_role() -> None:
    user = User.objects.create(username="outsider")
    user.groups.add(Group.objects.get(name="Administrator"))
    client = Client()
    client.force_login(user)

    assert client.get("/admin/events/event/").status_code == 302


def test_roles_have_what_the_apps_grant() -> None:
    held = {
        group.name: sorted(f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all())
        for group in Group.objects.prefetch_related("permissions__content_type")
    }

    assert held == {role: sorted(granted(role)) for role in roles.names()}


def test_a_role_with_an_unknown_permission_stops_the_process_and_names_the_file() -> None:
    wrong = roles.Grant(roles.MARKETER, "profiles.fly_profile")

    with declared(roles.grants, "wrong", wrong), pytest.raises(ImproperlyConfigured) as raised:
        roles.discover()

    assert str(raised.value).endswith("registries.py: there is no permission profiles.fly_profile.")


def test_a_role_that_is_not_listed_is_not_one_for_each_letter() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"test_roles\.py:\d+: roles are listed, 'Pilot' is a text"):
        roles.grant("segments.view_segment", to="Pilot")


def test_nothing_is_granted_twice() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"segments/roles\.py:\d+ and .*test_roles\.py"):
        roles.grant("segments.view_segment", to=[roles.ANALYST])


def test_loading_roles_again_keeps_what_was_added_by_hand() -> None:
    analyst = Group.objects.get(name="Analyst")
    extra = Permission.objects.get(codename="view_source")
    analyst.permissions.add(extra)

    roles.load()

    assert Group.objects.filter(name__in=roles.names()).count() == len(roles.names())
    assert extra in analyst.permissions.all()
