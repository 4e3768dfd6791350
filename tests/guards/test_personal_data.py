"""No table is forgotten when a person is exported or erased."""

from importlib import import_module

import pytest
from django.apps import apps as django_apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest

from apps.profiles.holdings import all_holdings

# Tables that hold nothing of people, each with what it holds. Whoever adds a table decides where it belongs: here, or
# in a module `personal` of its app (see profiles/holdings.py).
IMPERSONAL = {
    "core.ApiKey": "keys of programs",
    "core.Beat": "names of processes",
    "core.Task": "what staff started; parameters are ids of requests and configuration",
    "events.ComplianceRule": "configuration",
    "events.ComputedEdition": "configuration",
    "events.ComputedTrait": "configuration",
    "events.EventType": "configuration",
    "events.EventTypeAlias": "configuration",
    "events.IdentificationPoint": "configuration",
    "events.MessageKey": "hashes of messages, without which an old message could come again",
    "events.Redirect": "configuration",
    "events.RefusalCount": "counts, and how sources were named that there are not",
    "events.Source": "configuration",
    "events.UnplannedType": "counts",
    "segments.LivePage": "bounds of ids, and counts",
    "segments.LiveRun": "counts",
    "profiles.BlockedIdentifier": "configuration: values that name nobody",
    "profiles.ConsentText": "configuration",
    "profiles.ConsentType": "configuration",
    "profiles.ErasedId": "tombstones: keyed hashes that have to stay",
    "profiles.MergeRule": "configuration",
    "profiles.ScoreScale": "limits of scores over all people",
    "profiles.PrivacyRequest": "certificates: counts, and a keyed hash of the profile's id",
    "segments.Segment": "configuration",
    "segments.SegmentEdition": "configuration",
    "segments.SegmentSize": "counts",
}
OURS = [model for model in django_apps.get_models() if model.__module__.startswith("apps.")]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_each_table_is_exported_and_erased_or_holds_nothing_of_people(model: type[Model]) -> None:
    is_held = any(model in holding.models for holding in all_holdings())

    assert is_held is not (model._meta.label in IMPERSONAL), (
        "Declare what the table holds of people in the module `personal` of its app, or list it as impersonal."
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


def test_what_is_listed_as_impersonal_exists() -> None:
    assert IMPERSONAL.keys() <= {model._meta.label for model in OURS}


def test_no_table_that_refers_to_a_profile_passes_for_impersonal() -> None:
    suspicious = {
        model._meta.label
        for model in OURS
        for field in model._meta.concrete_fields
        if field.attname.endswith(("profile_id", "session_id"))
    }

    assert suspicious.isdisjoint(IMPERSONAL)


def test_what_leads_to_others_goes_after_them() -> None:
    """Events are found by their sessions, and all by the ids of the profile."""
    order = [holding.name for holding in all_holdings()]

    assert order.index("events") < order.index("sessions") < order.index("aliases") < order.index("profile")
