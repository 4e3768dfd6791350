"""How it is put: the notice of a notification, the same at each of its tries."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone

from apps.alerts.delivery import Notice
from apps.alerts.models import Channel, Notification
from apps.core.ids import new_id
from apps.core.spans import in_words

What = Notification.What
BEGINNINGS: Final = {What.OPENED: "", What.REMINDER: "Still: ", What.RECOVERED: "Over: "}


def notice_of(row: Notification) -> Notice:
    """Put a notification into words and data. Its incident and the alert of that are read with it."""
    incident, alert = row.incident, row.incident.alert
    what = What(row.what)
    paragraphs = [row.message, alert.description]
    if what is What.RECOVERED:
        since = timezone.localtime(incident.seen_at).strftime("%Y-%m-%d %H:%M %Z")
        paragraphs = [
            f"It is over. It was there for {in_words(incident.lasted_secs)}, since {since}:",
            row.message,
        ]
    return Notice(
        id=str(row.id),
        type=f"alert.{what.value}",
        title=f"{BEGINNINGS[what]}{alert.name}",
        message="\n\n".join(filter(None, paragraphs)),
        link=_linked(f"/admin/alerts/alert/{alert.pk}/change/"),
        data={
            "alert": {"id": str(alert.id), "name": alert.name, "kind": alert.kind, "severity": alert.severity},
            "incident": {
                "id": str(incident.id),
                "subject": incident.subject,
                "since": incident.seen_at.isoformat(),
                "recovered_at": _written(incident.recovered_at) if what is What.RECOVERED else None,
            },
        },
    )


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def try_of(channel: Channel) -> Notice:
    """Make the notice of a try."""
    return Notice(
        id=str(new_id()),
        type="alert.test",
        title="A test of the customer data platform",
        message=f"If you read this, the channel {channel.name} works. Nothing is wrong.",
        link=_linked("/admin/"),
    )


def _linked(path: str) -> str:
    """Return the address of a page, under the name by which people reach us; nothing where nobody has said it."""
    return settings.PUBLIC_URL.rstrip("/") + path if settings.PUBLIC_URL else ""
