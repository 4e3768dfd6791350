"""Some of those of whom a heartbeat would speak, masked for who may not see personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin.shown import NOTHING, link, moment
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.silent import Silent
from apps.profiles import anonymity, ledger
from apps.profiles.admin.privacy import mask
from apps.profiles.models import Profile


@dataclass(frozen=True, slots=True)
class Sampled:
    """Somebody, or a session and whose it is."""

    person: SafeString
    session: SafeString | None  # None where it is about people
    last_active_at: datetime
    ripened_at: datetime


def sampled(request: HttpRequest, row: Heartbeat, found: Sequence[Silent]) -> list[Sampled]:
    """Return what is shown of those who were found."""
    living = ledger.living_ids({silent.profile_id for silent in found if silent.profile_id})
    people = {person.id: person for person in Profile.objects.filter(pk__in=set(living.values()))}
    for person in people.values():
        mask(request, person, anonymity.masked_columns_of)
    return [
        Sampled(
            _person(people.get(living[silent.profile_id]) if silent.profile_id else None),
            _session(silent) if silent.session_id else None,
            silent.last_active_at,
            silent.last_active_at + row.wait_period,
        )
        for silent in found
    ]


def _person(person: Profile | None) -> SafeString:
    return link("profiles_profile", person.pk, person) if person else NOTHING


def _session(silent: Silent) -> SafeString:
    started_at = datetime.fromisoformat(silent.facts["started_at"])
    return link("cdp_sessions_session", silent.session_id, moment(started_at))
