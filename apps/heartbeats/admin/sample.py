"""Some of those of whom a heartbeat would speak, masked for who may not see personal data."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.conditions.durations import in_words
from apps.core.admin.shown import NOTHING, link, moment
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.silent import Silent
from apps.profiles import anonymity, ledger
from apps.profiles.admin.privacy import mask
from apps.profiles.models import Profile


def sampled(request: HttpRequest, row: Heartbeat, found: Sequence[Silent]) -> list[dict[str, Any]]:
    """Return what is shown of those who were found: person, session (if it is about sessions), and their silence."""
    living = ledger.living_ids({silent.profile_id for silent in found if silent.profile_id})
    people = {person.id: person for person in Profile.objects.filter(pk__in=set(living.values()))}
    for person in people.values():
        mask(request, person, anonymity.masked_columns_of)
    return [
        {
            "person": _person(people.get(living[silent.profile_id]) if silent.profile_id else None),
            "session": _session(silent) if silent.session_id else None,
            "last_active_at": silent.last_active_at,
            "ripened_at": silent.last_active_at + row.wait_period,
            "silent_for": _for_so_long(timezone.now() - silent.last_active_at),
        }
        for silent in found
    ]


def _for_so_long(silence: timedelta) -> str:
    """Count days, as the wait is counted: months differ in length."""
    unit = timedelta(days=1) if silence >= timedelta(days=2) else timedelta(hours=1)
    return in_words(silence // unit * unit) if silence >= unit else "less than an hour"


def _person(person: Profile | None) -> SafeString:
    return link("profiles_profile", person.pk, person) if person else NOTHING


def _session(silent: Silent) -> SafeString:
    started_at = datetime.fromisoformat(silent.facts["started_at"])
    return link("cdp_sessions_session", silent.session_id, moment(started_at))
