"""What flows begin that goes on without them: other flows, and decisions about consents in the ledger."""

from typing import Any

import pytest

from apps.core.models import AuditEntry
from apps.events.models import Event
from apps.flows.models import Run, Wait
from apps.flows.runs import batches
from apps.profiles.models import ConsentDecision, Profile
from tests.factories import ConsentTypeFactory
from tests.flows.triggers.flowing import on_event, publish, runs, settle
from tests.flows.triggers.test_chains import between
from tests.shop import Shop, person

pytestmark = pytest.mark.django_db


def go_on(shop: Shop) -> None:
    for _ in range(3):
        batches.go_on(now=shop.later(seconds=1))
        settle(shop)


class TestConsents:
    def decide(self, shop: Shop, **settings: Any) -> Profile:
        ConsentTypeFactory(id="letters")
        node = {"id": "decides", "kind": "record-consent", "settings": {"consent": "letters", **settings}}
        self.flow = publish(on_event("form-sent"), **between(node))
        shop.call("track", userId="anna", event="form-sent")
        go_on(shop)
        return person(primary_id="anna")

    def test_a_consent_holds_and_the_ledger_names_the_flow_and_the_proof(self, shop: Shop) -> None:
        anna = self.decide(shop, decision="given", proof="{{ event@type }}")

        [run] = runs(self.flow)
        event, decision = Event.objects.get(type="consent-recorded"), ConsentDecision.objects.get()
        name = f"Flow {self.flow.key}, version 1, node decides"
        assert anna.consents == {"letters": {"revoke": None}}
        assert (decision.is_granted, decision.event_id) == (True, event.id)
        assert (decision.actor, decision.actor_name, decision.reference) == (f"flow:{run.id}", name, "form-sent")
        assert event.properties["actor"] == decision.actor
        audited = AuditEntry.objects.get(action="decided")
        assert (audited.actor_name, audited.details) == (name, {"consents": {"letters": "given"}})

    def test_what_is_not_said_is_withdrawn(self, shop: Shop) -> None:
        anna = self.decide(shop)

        assert anna.consents["letters"]["revoke"] is not None
        assert not ConsentDecision.objects.get().is_granted

    def test_a_wording_that_never_was_decides_nothing(self, shop: Shop) -> None:
        anna = self.decide(shop, decision="given", proof="x", text_version=9)

        assert anna.consents == {}
        assert not ConsentDecision.objects.exists()


class TestStarting:
    def start(self, shop: Shop) -> Run:
        node = {"id": "starts", "kind": "start-flow", "settings": {"flow": "other", "payload": {"n": 1}}}
        flow = publish(on_event("form-sent"), **between(node))
        shop.call("track", userId="anna", event="form-sent")
        go_on(shop)
        [run] = runs(flow)
        return run

    def test_the_person_enters_another_flow_and_goes_on_here(self, shop: Shop) -> None:
        node = {"id": "notes", "kind": "remember", "settings": {"memory": {"n": "payload@n"}}}
        other = publish(key="other", **between(node))

        run = self.start(shop)

        [started] = runs(other)
        assert run.status == started.status == Run.Status.FINISHED
        assert (started.profile_id, started.parent_id, started.state["memory"]) == (run.profile_id, None, {"n": 1})
        assert not Wait.objects.exists()

    def test_where_the_other_flow_is_off_nobody_enters_it(self, shop: Shop) -> None:
        assert self.start(shop).status == Run.Status.FINISHED
        assert Run.objects.count() == 1
