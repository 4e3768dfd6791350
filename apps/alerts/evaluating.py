"""Looks whether what is watched is well: incidents open when something has held for long enough, and end likewise.

Any number of processes may do so at once: an alert is looked at by the one that holds its row.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from apps.alerts import notifying
from apps.alerts.models import Alert, Incident
from apps.alerts.symptoms import Facts, Symptom, Unknown, kinds

logger = logging.getLogger(__name__)
# Nobody has looked for so long: that something held meanwhile, or did not, is not known.
GAP: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=365)  # of incidents that are over
UNKNOWN_KIND: Final = "This version of the platform does not know what is to be watched."
FAILED: Final = "It could not be evaluated: the log of the process `alerts` has the reason."


def evaluate(facts: Facts) -> None:
    """Look at all alerts; one that fails holds no other up."""
    for alert_id in Alert.objects.order_by("name").values_list("pk", flat=True):
        _evaluate(alert_id, facts)
    Incident.objects.filter(recovered_at__lt=facts.now - KEPT).delete()


def _evaluate(alert_id: UUID, facts: Facts) -> None:
    with transaction.atomic():
        rows = Alert.objects.select_for_update(no_key=True, skip_locked=True)
        alert = rows.filter(pk=alert_id).first()
        if alert is None or (alert.looked_at and alert.looked_at - GAP < facts.now <= alert.looked_at):
            return  # somebody else looks at it, or has done so later; more than that, and a clock was wrong
        alert.problem = ""
        symptoms = _symptoms(alert, facts) if alert.is_enabled else {}
        if symptoms is not None:
            _compare(alert, symptoms, facts.now)
        alert.looked_at = facts.now
        Alert.objects.filter(pk=alert.pk).update(looked_at=alert.looked_at, problem=alert.problem)


def _symptoms(alert: Alert, facts: Facts) -> Mapping[str, Symptom] | None:
    """Return what is not well, by subject; None where that cannot be told."""
    if alert.kind not in kinds:
        alert.problem = UNKNOWN_KIND
        return None
    kind = kinds[alert.kind]
    try:
        with transaction.atomic():
            return {symptom.subject: symptom for symptom in kind.look(kind.values(alert.params), facts)}
    except Unknown as reason:
        alert.problem = str(reason)
        return None
    except Exception as error:  # one alert must not silence all others
        if isinstance(error, DatabaseError) and not connection.is_usable():
            raise  # it is away, for the others, too
        logger.exception("An alert could not be evaluated", extra={"alert": str(alert.pk)})
        alert.problem = FAILED
        return None


def _compare(alert: Alert, symptoms: Mapping[str, Symptom], now: datetime) -> None:
    """Let incidents open, go on and end, and let it be told."""
    known = {row.subject: row for row in Incident.objects.filter(alert=alert, recovered_at=None).order_by("id")}
    was_away = alert.looked_at is None or abs(now - alert.looked_at) > GAP
    for subject, symptom in symptoms.items():
        incident = known.setdefault(subject, Incident(alert=alert, subject=subject, seen_at=now))
        _go_on(incident, symptom, alert, now, was_away=was_away)
    for subject in known.keys() - symptoms.keys():
        _miss(known[subject], alert, now, was_away=was_away)
    open_now = [row for row in known.values() if row.opened_at is not None]
    if alert.is_enabled:
        notifying.tell(alert, open_now, now=now)


def _go_on(incident: Incident, symptom: Symptom, alert: Alert, now: datetime, *, was_away: bool) -> None:
    if incident.opened_at is None and was_away:
        incident.seen_at = now
    incident.message, incident.last_seen_at, incident.clear_since = symptom.message, now, None
    must_hold = timedelta(minutes=max(alert.for_minutes, symptom.least_minutes))
    if incident.opened_at is None and now - incident.seen_at >= must_hold:
        incident.opened_at = now
    incident.save()


def _miss(incident: Incident, alert: Alert, now: datetime, *, was_away: bool) -> None:
    if incident.opened_at is None:
        incident.delete()
        return
    if incident.clear_since is None or was_away:
        incident.clear_since = now
    if not alert.is_enabled or now - incident.clear_since >= timedelta(minutes=alert.recovery_minutes):
        incident.recovered_at = now
    incident.save()
