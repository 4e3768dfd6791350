"""Who is told of which incident, and when: once, of its end, and in between only where somebody wants to be reminded.

What is to be told becomes rows, in the transaction in which the incident opens; `sending.py` sends them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max, QuerySet

from apps.alerts.models import Alert, Channel, Incident, Notification

# Of one alert at once: when all sources fall silent together, a mail for each would be read by nobody.
MOST: Final = 5


def tell(alert: Alert, incidents: list[Incident], *, now: datetime) -> None:
    """Note what is to be told of incidents that are open, or have just ended.

    While the alert is muted, that alone: of what was told before that it is over, which is sent afterwards.
    """
    for row in incidents:
        if row.recovered_at is not None and row.is_notified:
            _note(row, Notification.What.RECOVERED, _told(row), now)
    if not alert.is_muted(now):
        lasting = [row for row in incidents if row.recovered_at is None]
        _remind(alert, [row for row in lasting if row.is_notified], now)
        _tell_of_new(alert, [row for row in lasting if not row.is_notified], now)


def channels_of(alert: Alert) -> list[Channel]:
    """Return who is told: those that were chosen, or all, without those that are off."""
    chosen = list(alert.channels.all())
    return [row for row in chosen or Channel.objects.order_by("name") if row.is_enabled]


def _told(row: Incident) -> QuerySet[Channel]:
    return Channel.objects.filter(is_enabled=True, notifications__incident=row).distinct()


def _tell_of_new(alert: Alert, new: list[Incident], now: datetime) -> None:
    channels = channels_of(alert) if new else []
    if not channels:
        return  # the first one that there will be is told
    for place, row in enumerate(new):
        row.is_notified = True
        row.save(update_fields=["is_notified"])
        if place < MOST:
            n_more = len(new) - MOST if place == MOST - 1 else 0
            more = f" And {n_more} more: the page of the alert has them." if n_more > 0 else ""
            _note(row, Notification.What.OPENED, channels, now, more=more)


def _remind(alert: Alert, known: list[Incident], now: datetime) -> None:
    """Tell again of what was told of last so long ago: what was missed meanwhile is not made up for."""
    if not alert.remind_hours:
        return
    for row in known:
        told_at = row.notifications.aggregate(at=Max("created_at"))["at"]
        if row.clear_since is None and told_at and now >= told_at + timedelta(hours=alert.remind_hours):
            row.n_reminders += 1
            row.save(update_fields=["n_reminders"])
            _note(row, Notification.What.REMINDER, _told(row), now, number=row.n_reminders)


def _note(
    row: Incident,
    what: Notification.What,
    channels: Iterable[Channel],
    now: datetime,
    *,
    number: int = 0,
    more: str = "",
) -> None:
    made = [
        Notification(
            incident=row,
            channel=channel,
            what=what,
            number=number,
            message=row.message + more,
            created_at=now,
            due_at=now,
        )
        for channel in channels
    ]
    Notification.objects.bulk_create(made)
