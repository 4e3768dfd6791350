"""What a person's consents are now, each with the decision of the ledger that made it so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.ids import as_uuid
from apps.profiles import consents, ledger
from apps.profiles.consents import Standing
from apps.profiles.models import ConsentDecision, ConsentText, ConsentType, Profile


@dataclass(frozen=True, slots=True)
class Held:
    """A consent of a person: what it is, and the decision that made it so, with the wording that it was about."""

    type: ConsentType
    standing: Standing
    decision: ConsentDecision | None = None
    wording: str = ""


def held_by(profile: Profile, *, at: datetime) -> list[Held]:
    """List the consents that are asked for, and those that the person has decided about, by name; three statements."""
    types = ConsentType.objects.filter(Q(is_enabled=True) | Q(id__in=profile.consents)).order_by("name")
    in_force = _in_force(profile)
    known = ConsentText.objects.filter(consent_type_id__in=in_force).values_list("consent_type_id", "version", "text")
    texts = {(id, version): text for id, version, text in known}
    found = []
    for row in types:
        standing = consents.standing(profile.consents, profile.provenance, row.id, at=at)
        decision = in_force.get(row.id)
        found.append(Held(row, standing, decision, texts.get((row.id, decision.text_version), "") if decision else ""))
    return found


def ledger_of(profile_id: UUID) -> QuerySet[ConsentDecision]:
    """Select all decisions of a person, whatever ids they had when they decided."""
    return ConsentDecision.objects.filter(profile_id__in=ledger.raw_ids([profile_id]))


def shaped(held: Held) -> dict[str, Any]:
    """Shape a consent for exports: its state, since and until when, in which wording, from where and by whom."""
    decision = held.decision
    return {
        "state": held.standing.state.value,
        "since": held.standing.since,
        "until": held.standing.until,
        "version": decision.text_version if decision else None,
        "source": str(decision.source_id) if decision else None,
        "recorded_by": (decision.actor_name or None) if decision else None,
        "reference": (decision.reference or None) if decision else None,
    }


def states_of(profile: Profile, *, at: datetime) -> dict[str, str]:
    """Say of each consent that the person has decided about what it is; no statement."""
    own = profile.consents
    return {id: consents.state(own, profile.provenance, id, at=at).value for id in own}


def told_of(profile: Profile, *, at: datetime) -> dict[str, str]:
    """Put each consent that the person has decided about into words; no statement."""
    own = profile.consents
    return {id: consents.told(consents.standing(own, profile.provenance, id, at=at)) for id in own}


def _in_force(profile: Profile) -> dict[str, ConsentDecision]:
    """Return the decision that each consent comes from, as the provenance says: others of the ledger do not count."""
    setters = {
        event_id
        for name in profile.consents
        if (said := profile.provenance.get(consents.path_of(name))) and (event_id := as_uuid(said[1]))
    }
    rows = ConsentDecision.objects.filter(event_id__in=setters) if setters else ()
    return {row.consent_type_id: row for row in rows}
