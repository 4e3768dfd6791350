"""The menu is what the apps declare, in one order; a page that is offered twice stops the process."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.urls import reverse

from apps.core import menu
from apps.core.models import Task
from tests.registries import declared


def test_the_menu_has_all_that_apps_offer_in_one_order() -> None:
    home, *groups = menu.navigation(RequestFactory().get("/"))
    offered = [(group["title"], item["title"]) for group in groups for item in group["items"]]
    declared = sorted(menu.entries.values(), key=lambda entry: entry.order)

    assert [item["link"] for item in home["items"]] == ["/admin/"]
    assert offered == [(entry.group, entry.title) for entry in declared]


def test_no_two_entries_have_one_place() -> None:
    places: dict[int, list[str]] = {}
    for key, entry in menu.entries.items():
        places.setdefault(entry.order, []).append(menu.entries.place_of(key))

    assert {order: files for order, files in places.items() if len(files) > 1} == {}, "Take another number."


def test_an_entry_leads_to_the_list_of_its_model() -> None:
    [operations] = [group for group in menu.navigation(RequestFactory().get("/")) if group.get("title") == "Operations"]
    [tasks] = [item for item in operations["items"] if item["title"] == "Tasks"]

    assert tasks["link"] == "/admin/core/task/"
    assert tasks["permission"].__self__.needs == "core.view_task"


def test_an_entry_is_for_those_who_may_view_the_list() -> None:
    request = RequestFactory().get("/")
    request.user = User(is_active=False)
    [people] = [group for group in menu.navigation(request) if group.get("title") == "People"]

    assert not people["items"][0]["permission"](request)

    request.user = User(is_superuser=True, is_active=True)
    assert people["items"][0]["permission"](request)


def test_a_page_that_is_no_list_is_offered_too() -> None:
    [flows] = [group for group in menu.navigation(RequestFactory().get("/")) if group.get("title") == "Flows"]

    assert {each["title"]: each["link"] for each in flows["items"]}["Nodes"] == reverse("admin:flows_nodes")


def test_a_page_is_offered_once() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"admin:core_task_changelist: .*core/menu\.py:\d+ and .*test_menu\.py:\d+"
    ):
        menu.entry(Task, menu.PRIVACY, 1, icon="key")


def test_an_entry_that_needs_what_is_no_permission_is_refused_with_its_file() -> None:
    wrong = menu.Entry(Task, menu.OPERATIONS, 1, "key", "Tasks", "core.fly_task", "admin:core_task_changelist")

    with (
        declared(menu.entries, "wrong", wrong),
        pytest.raises(ImproperlyConfigured, match=r"registries\.py: there is no permission core.fly_task"),
    ):
        menu.check(admin.site)


def test_an_entry_stands_in_the_app_that_has_its_page() -> None:
    for key, found in menu.entries.items():
        owner = type(admin.site._registry[found.model]).__module__
        if owner.startswith("apps."):  # that of queues is a package's
            assert f"/apps/{owner.split('.')[1]}/menu.py:" in menu.entries.place_of(key), key
