"""A flow that cannot be used lets nobody enter, and says why: no other flow and no event suffers."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import metrics
from apps.events.models import Event
from apps.flows import definition
from apps.flows.models import Flow
from apps.flows.triggers import observed, trigger_index, why_not
from apps.flows.triggers.entry import Why
from apps.flows.triggers.observed import Observed
from apps.flows.triggers.starters import Starter
from apps.profiles.models import Profile
from tests.flows.triggers.flowing import document, on_event, publish, runs
from tests.shop import Shop

pytestmark = pytest.mark.django_db


def on_field(field: str) -> dict[str, Any]:
    return {"kind": "field", "field": field}


def counted(flow: Flow) -> float | None:
    """Return how many people Prometheus is told of whom a fault has kept out."""
    metrics.flush()
    return metrics.registry.get_sample_value("cdp_flow_entries_failed_total", {"flow": flow.key})


def set_trait(name: str, value: object) -> dict[str, Any]:
    return {"type": "trait-set", "traits": {name: value}}


@pytest.mark.parametrize("name", ["vat no", "a..b", "a.b", 'a"b', "a\\b", "plan"])
def test_a_field_of_any_name_is_watched(shop: Shop, name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    flow = publish(on_field(f'profile@traits["{quoted}"]'))

    [watched] = trigger_index.current.latest().observed
    anna = Profile(traits={name: "old"})
    before = observed.see([watched], anna, now=shop.now)
    anna.traits = {name: "new"}

    [change] = observed.changes([watched], before, anna, now=shop.now)
    assert (change.before, change.after) == ("old", "new")
    assert [each.flow_id for each in change.starters()] == [flow.pk]


@pytest.mark.parametrize("field", ["profile@segments", "profile@visits", "profile@nothing", "profile@"])
def test_a_flow_whose_trigger_cannot_be_made_is_left_out_and_says_why(
    shop: Shop, admin_client: Client, field: str
) -> None:
    broken, well = publish(on_field(field), on_event()), publish(on_event())

    shop.track("checkout-started", session="anna")

    assert runs(broken) == []
    assert len(runs(well)) == 1
    shown = admin_client.get(reverse("admin:flows_overview", args=[broken.pk])).content.decode()
    assert "Nobody enters this flow" in shown
    assert "Nobody enters" not in admin_client.get(reverse("admin:flows_overview", args=[well.pk])).content.decode()


def test_a_flow_of_which_one_trigger_cannot_be_made_known_is_left_out_as_a_whole(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, well = publish(on_event(), on_event("page-view")), publish(on_event())
    starter_of = trigger_index.starter_of

    def fails(compiled: Any, trigger: Any) -> Starter:
        if compiled.flow_id == broken.pk and trigger.part.id == "t2":
            raise RecursionError
        return starter_of(compiled, trigger)

    monkeypatch.setattr(trigger_index, "starter_of", fails)
    shop.track("checkout-started", session="anna")

    assert (len(runs(broken)), len(runs(well))) == (0, 1)
    assert trigger_index.current.latest().left_out == {broken.pk: "RecursionError"}
    assert broken.version
    assert trigger_index.why_left_out(broken.version) == "RecursionError"


def test_a_version_that_cannot_be_compiled_is_left_out_and_says_why(shop: Shop, admin_client: Client) -> None:
    parts = document(on_event())
    nodes = [*parts["nodes"], {"id": "gone", "kind": "of-a-package-that-is-gone"}]
    broken, well = publish(on_event(), nodes=nodes), publish(on_event())

    shop.track("checkout-started", session="anna")

    assert (len(runs(broken)), len(runs(well))) == (0, 1)
    shown = admin_client.get(reverse("admin:flows_overview", args=[broken.pk])).content.decode()
    assert "of-a-package-that-is-gone" in shown


def test_what_cannot_be_read_of_somebody_lets_nobody_enter_and_loses_no_event(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = publish(on_field("profile@traits.plan"))
    well = publish(on_event())
    shop.track("page-view", session="anna")

    def fails(*_read: Any) -> Any:
        raise ArithmeticError

    found = trigger_index.current.latest()
    broken = [Observed(each.kind, each.name, each.starters, fails) for each in found.observed]
    monkeypatch.setattr(found, "observed", broken)
    monkeypatch.setattr(trigger_index.current, "get", lambda: found)
    shop.track("checkout-started", session="anna")

    assert (len(runs(flow)), len(runs(well))) == (0, 1)
    assert Event.objects.filter(type="checkout-started").exists()
    assert counted(flow) == 1


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("{{ event@properties.n * 2 }}", "abc"),
        ("{{ event@properties.n | round(10) }}", 1e25),
        ("{{ 1 / event@properties.n }}", 0),
    ],
)
def test_a_key_that_cannot_be_worked_out_lets_nobody_enter_and_loses_no_event(
    shop: Shop, key: str, said: object
) -> None:
    broken, well = publish(on_event(), entry={"key": key}), publish(on_event())

    shop.track({"type": "checkout-started", "properties": {"n": said}}, session="anna")

    assert (len(runs(broken)), len(runs(well))) == (0, 1)
    assert [each.why for each in why_not.of(Profile.objects.get(), now=shop.now)] == [Why.FAILS]
    assert counted(broken) == 1  # who looks at why is no new fault


@pytest.mark.parametrize("condition", ["event@properties.n = 1", 'event@properties.n = 1 AND event@tags CONTAINS "x"'])
def test_a_condition_that_fails_lets_nobody_enter_and_loses_no_event(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    broken, well = publish(on_event(condition=condition)), publish(on_event())
    holds = Starter.holds

    def fails(self: Starter, *asked: Any) -> bool:
        if self.flow_id == broken.pk:
            raise RecursionError
        return holds(self, *asked)

    monkeypatch.setattr(Starter, "holds", fails)
    shop.track({"type": "checkout-started", "properties": {"n": 1}}, session="anna")

    assert (len(runs(broken)), len(runs(well))) == (0, 1)
    assert [each.why for each in why_not.of(Profile.objects.get(), now=shop.now)] == [Why.FAILS]
    assert counted(broken) == 1


@pytest.mark.parametrize("field", ["profile@segments", "profile@visits"])
def test_a_field_that_nobody_can_watch_is_refused(field: str) -> None:
    found = definition.check(document({**on_field(field), "id": "t1"}), Flow())

    assert [(each.trigger, each.field) for each in found if not each.is_warning] == [("t1", "field")]
