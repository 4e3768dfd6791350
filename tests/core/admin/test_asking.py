"""What the lists of the admin may be asked in the address: what they offer, within a time, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import AllValuesFieldListFilter, BooleanFieldListFilter, FieldListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.auth.models import Group, User
from django.core.exceptions import SuspiciousOperation
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django_rq.models import Dashboard

from apps.core.admin.base import ModelAdmin
from apps.core.admin.conditions import asked
from apps.segments.models import Segment
from tests.factories import EventFactory, ProfileFactory, SourceFactory

pytestmark = pytest.mark.django_db


def lists() -> list[type[Model]]:
    return [model for model in admin.site._registry if model is not Dashboard]  # whose pages read no table


def address_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def offered(page: ModelAdmin) -> set[str]:
    """The parameters that the filters of a page take."""
    request, taken = request_for(page.model), set()
    for declared in page.get_list_filter(request):
        if callable(declared):
            made = declared(request, {}, page.model, page)
        else:
            path, kind = (declared, FieldListFilter.create) if isinstance(declared, str) else declared
            field = get_fields_from_path(page.model, path)[-1]
            made = kind(field, request, {}, page.model, page, field_path=path)
        taken.update(made.expected_parameters())
    return taken


def parameters(model: type[Model]) -> Iterator[str]:
    """Ways to compare each column, and those of the rows that it leads to."""
    for field in model._meta.get_fields():
        below: list[Any] = list(field.related_model._meta.fields) if isinstance(field.related_model, type) else []
        for name in (field.name, *(f"{field.name}__{each.name}" for each in below)):
            yield from (name, f"{name}__regex")


def request_for(model: type[Model], **parameters: str) -> HttpRequest:
    """A request of an administrator for a list."""
    request = RequestFactory().get(address_of(model), parameters)
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    return request


def refuses(page: ModelAdmin, request: HttpRequest) -> bool:
    try:
        page.get_changelist_instance(request)
    except SuspiciousOperation:
        return True
    return False


def answered(page: ModelAdmin) -> set[str]:
    """The parameters that a list takes though no filter of its does."""
    others = set(parameters(page.model)) - offered(page)
    return {name for name in others if not refuses(page, request_for(page.model, **{name: "1"}))}


def test_each_list_of_the_admin_refuses_what_it_does_not_offer() -> None:
    found = {model._meta.label: answered(admin.site._registry[model]) for model in lists()}

    assert {label: names for label, names in found.items() if names} == {}


def test_a_filter_of_any_kind_is_an_offer() -> None:
    class Page(ModelAdmin):
        list_filter = ("name", ("key", AllValuesFieldListFilter), ("is_enabled", BooleanFieldListFilter))

    page = Page(Segment, admin.site)

    assert offered(page) >= {"name", "key", "is_enabled__exact"}
    assert answered(page) == set()


def test_what_a_list_refuses_is_a_bad_request(admin_client: Client) -> None:
    answers = {model: admin_client.get(address_of(model), {"nothing": "1"}).status_code for model in lists()}

    assert answers == dict.fromkeys(lists(), 400)


@pytest.mark.parametrize("query", ["_to_field=email", "_to_field=name&_popup=1", "name__regex=(.*)x", "email=a"])
def test_people_cannot_be_tried_out_by_addresses(admin_client: Client, query: str) -> None:
    ProfileFactory(name="Anna", email="anna@shop.example")

    assert admin_client.get(f"{address_of(ProfileFactory._meta.model)}?{query}").status_code == 400


def test_names_are_not_completed_for_those_who_may_not_see_them() -> None:
    user = User.objects.create(username="analyst", is_staff=True)
    user.groups.add(Group.objects.get(name="Analyst"))
    client = Client()
    client.force_login(user)
    ProfileFactory(name="Anna", email="anna@shop.example")
    of_alias = {"app_label": "profiles", "model_name": "alias", "field_name": "profile", "term": ""}

    assert client.get(reverse("admin:autocomplete"), of_alias).status_code == 404


@pytest.mark.parametrize("with_nul", ["q=%00", "type=a%00b", "type__exact=%00", "condition=%00", "%00=1", "before=%00"])
def test_no_list_fails_over_text_that_the_database_cannot_hold(admin_client: Client, with_nul: str) -> None:
    failed = {model for model in lists() if admin_client.get(f"{address_of(model)}?{with_nul}").status_code != 400}

    assert failed == set()


def test_no_page_fails_over_an_id_that_the_database_cannot_hold(admin_client: Client) -> None:
    for model in lists():
        for id in ("_00", "%00", "x", "_"):
            for page in ("change", "history", "delete"):
                address = f"{address_of(model)}{id}/{page}/"
                assert admin_client.get(address).status_code in (302, 400, 403, 404), address


@pytest.mark.parametrize("factory", [ProfileFactory, EventFactory, SourceFactory])
def test_no_list_is_read_for_longer_than_it_may(
    admin_client: Client, factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = factory().__class__
    page = type(admin.site._registry[model])
    monkeypatch.setattr(asked, "PAGE_SECS", 0.1)
    slow = {"where": ["pg_sleep(20) IS NOT NULL"]}
    monkeypatch.setattr(page, "get_search_results", lambda _page, _request, rows, _text: (rows.extra(**slow), False))

    answer = admin_client.get(address_of(model), {"q": "x"})

    assert answer.status_code == 200
    assert "was stopped" in answer.content.decode()
