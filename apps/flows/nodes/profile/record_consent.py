"""Record what the person has decided about a consent."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, reference, template, text, yes_no
from apps.flows.engine.moves import Failure, Go, Move, Raised
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.profiles import consents
from apps.profiles.consents import State

GIVEN, WITHDRAWN = "given", "withdrawn"
_DECISIONS: Final = {WITHDRAWN: "They withdraw it", GIVEN: "They give it"}
MAX_PROOF: Final = 200
_MAX_NAME: Final = 150  # of who records it


@register
class RecordConsent(Node):
    """A decision of the person about a consent is recorded, with the flow that did it, and what proves it.

    It goes into the ledger, as if somebody of the house had recorded it, as an event `consent-recorded`. A flow gives
    nobody's consent by itself: people give it, by a confirmed address or a form that came by another way, and the proof
    says by which. Whoever has withdrawn it leaves by withdrawn, and nothing is recorded, unless the node says that it
    is. What pages ask is recorded without it: Ask for consents.
    """

    key, group, title, icon, order = "record-consent", "profile", "Record a consent", "approval", 46
    ports = ("out", "withdrawn")
    effects = Effects.PROFILE
    has_error_port = True
    needs_person = True
    example = {
        "consent": "marketing-email",
        "decision": "given",
        "proof": "Address confirmed by {{ event@type }} {{ event@id }}",
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which consent, what they decided, and what proves it."""

        consent: str = reference("Consent", to="consent", help="Its id.")
        decision: str = choice("What they decided", _DECISIONS, default=WITHDRAWN)
        proof: str = text(
            "What proves it",
            when=("decision", GIVEN),
            help="Kept with the decision: Form of {{ event@time }}, order {{ event@properties.order_id }}.",
        )
        text_version: Any = template(
            "Version of the wording",
            default=None,
            when=("decision", GIVEN),
            help="To which they agreed: event@properties.text_version. Empty: the one that is in force.",
        )
        renews: bool = yes_no("Also of who has withdrawn it", default=False, when=("decision", GIVEN))

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._proof = place.text("proof", settings.proof)
        self._version = place.value("text_version", settings.text_version)

    @classmethod
    def raised_by(cls, settings: Settings) -> tuple[str, ...]:
        """Name the event that tells of it."""
        return (consents.RECORDED,)

    def run(self, step: Step) -> Move:
        """Record it, unless that would give back what they have taken."""
        said = self._settings
        if said.decision == WITHDRAWN:
            return _recorded(step, said.consent, proof="", decided=False)
        clock = step.now + step.behind
        if not said.renews and step.scope["consents"](said.consent, clock) is State.WITHDRAWN:
            return Go("withdrawn")
        proof = " ".join(self._proof(step.scope).split())
        if not proof:
            raise Failure("Nothing proves it.")
        return _recorded(step, said.consent, proof=proof[:MAX_PROOF], decided=self._given(step))

    def _given(self, step: Step) -> Any:
        version = self._version(step.scope)
        if self._settings.text_version is None:
            return True
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise Failure("The version of the wording is no whole number from 1 on.")
        return {"revoke": None, "text_version": version}


def _recorded(step: Step, consent: str, *, decided: Any, proof: str) -> Go:
    """Raise the event by which it counts, with who records it."""
    by = {
        "key": f"flow:{step.run_id}",
        "name": f"Flow {step.flow}, version {step.version}, node {step.node}"[:_MAX_NAME],
        "reference": proof,
    }
    properties = {consents.PROPERTY: {consent: decided}, "actor": by["key"]}
    return Go(raised=(Raised(consents.RECORDED, properties, by),))
