"""No table is forgotten when a person is exported or erased."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps as django_apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import CASCADE, ForeignKey, ManyToManyField, Model, OneToOneField
from django.http import HttpRequest
from django.test.utils import isolate_apps

from apps.core.impersonal import IMPERSONAL
from apps.profiles import ledger
from apps.profiles.holdings import RawRows, holdings
from apps.profiles.models import Profile

# They keep both ids, and events.resolution moves them, to and fro.
MOVED = {"events.Event", "cdp_sessions.Session"}
OURS = [model for model in django_apps.get_models() if model.__module__.startswith("apps.")]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_each_table_is_exported_and_erased_or_holds_nothing_of_people(model: type[Model]) -> None:
    is_held = any(model in holding.models for holding in holdings.values())

    assert is_held is not (model._meta.label in IMPERSONAL), (
        "Declare what it holds of people in the module `personal` of its app, or say `impersonal` above its class."
    )


def test_the_audit_log_keeps_no_values_of_people() -> None:
    """It outlives an erasure: of rows that tell of people it names the fields that were changed."""
    import_module("cdp.urls")
    request = HttpRequest()
    request.user = User(is_superuser=True, is_active=True)
    told = {
        model._meta.label
        for model, pages in admin.site._registry.items()
        if model in OURS and pages.has_change_permission(request) and model._meta.label not in IMPERSONAL
        if pages.audits_values
    }

    assert told == set()


def test_no_table_that_refers_to_a_profile_passes_for_impersonal() -> None:
    suspicious = {
        model._meta.label
        for model in OURS
        for field in model._meta.concrete_fields
        if field.attname.endswith(("profile_id", "session_id"))
    }

    assert suspicious.isdisjoint(IMPERSONAL)


def keys_to_profiles(models: list[type[Model]]) -> list[str]:
    """List what the database holds to profiles, of models outside of their app."""
    return [
        f"{model._meta.label}.{field.name}"
        for model in models
        if model._meta.app_label != Profile._meta.app_label
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many)
        if field.related_model is Profile and getattr(field, "db_constraint", True)
    ]


def test_no_key_of_a_higher_app_leads_to_profiles() -> None:
    """A merge deletes profiles by SQL: a key to one would let every merge of its person fail, and whoever collects."""
    assert keys_to_profiles(OURS) == [], "Keep a UUIDField profile_id in its place: see the recipe of a table."


@pytest.mark.parametrize("kind", [ForeignKey, OneToOneField, ManyToManyField])
def test_a_key_to_profiles_is_found_whatever_its_kind(kind: Any) -> None:
    options = {} if kind is ManyToManyField else {"on_delete": CASCADE}
    with isolate_apps("apps.segments"):
        card = type(
            "Card",
            (Model,),
            {
                "__module__": __name__,
                "owner": kind(Profile, related_name="+", **options),
                "Meta": type("Meta", (), {"app_label": "segments"}),
            },
        )

    assert keys_to_profiles([card]) == ["segments.Card.owner"]


def test_what_a_higher_app_holds_of_people_follows_merges_or_keeps_its_raw_id() -> None:
    undecided = [
        model._meta.label
        for holding in holdings.values()
        for model in holding.models
        if model._meta.app_label != Profile._meta.app_label
        and "profile_id" in {field.attname for field in model._meta.concrete_fields}
        and not isinstance(holding, RawRows)
        and model._meta.label not in {*ledger.followers, *MOVED}
    ]

    assert undecided == [], (
        "Let its holding inherit from RawRows, and read by ledger.raw_ids: see the recipe of a table."
    )
