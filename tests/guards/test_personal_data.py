"""No table is forgotten when a person is exported or erased."""

from importlib import import_module

import pytest
from django.apps import apps as django_apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest

from apps.core.impersonal import IMPERSONAL
from apps.profiles.holdings import holdings

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
