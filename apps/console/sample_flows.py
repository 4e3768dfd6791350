"""Flows of the sample shop, with people inside: something to look at, to change and to publish again."""

from datetime import datetime
from typing import Any, Final

from apps.core.audit import SYSTEM
from apps.flows import jobs
from apps.flows.changing import publishing, switching
from apps.flows.changing.publishing import People
from apps.flows.models import Flow
from apps.flows.triggers import starting
from apps.profiles.models import Profile

N_INSIDE: Final = 12
BY: Final = "sample data"
_SAME_ORDER: Final = {"properties.order_id": "event@properties.order_id"}
LEFT_THE_CART: Final[dict[str, Any]] = {
    "triggers": [
        {"id": "checkout", "kind": "event", "event_type": "checkout-started"},
        {"id": "hand", "kind": "manual"},
    ],
    "exits": [{"event_type": "sale-completed", "match": _SAME_ORDER}],
    "goals": [
        {
            "id": "bought",
            "name": "Bought after all",
            "event_type": "sale-completed",
            "match": _SAME_ORDER,
            "within_secs": 604_800,
        }
    ],
    "trace_percent": 100,
    "nodes": [
        {"id": "start", "kind": "start"},
        {"id": "hour", "kind": "wait", "name": "An hour to pay", "settings": {"length": "1 hour"}},
        {"id": "tag", "kind": "add-tag", "name": "Note who left", "settings": {"tag": "left the cart"}},
        {"id": "days", "kind": "wait", "name": "Three days to come back", "settings": {"length": "3 days"}},
        {"id": "end", "kind": "end"},
    ],
    "edges": [
        {"from": "start", "to": "hour"},
        {"from": "hour", "to": "tag"},
        {"from": "tag", "to": "days"},
        {"from": "days", "to": "end"},
    ],
}
WELCOME: Final[dict[str, Any]] = {
    "triggers": [{"id": "sign-up", "kind": "event", "event_type": "sign-up"}],
    "entry": {"frequency": "once"},
    "consents": ["marketing-email"],
    "nodes": [
        {"id": "start", "kind": "start"},
        {"id": "morning", "kind": "wait-for-time-of-day", "name": "Until nine", "settings": {"at": "09:00"}},
        {"id": "tag", "kind": "add-tag", "name": "Note who is new", "settings": {"tag": "new"}},
        {"id": "end", "kind": "end"},
    ],
    "edges": [
        {"from": "start", "to": "morning"},
        {"from": "morning", "to": "tag"},
        {"from": "tag", "to": "end"},
    ],
}
FLOWS: Final = {
    "left-the-cart": (
        "Left the cart",
        "Looks whether whoever began to pay has bought, and notes who has not.",
        LEFT_THE_CART,
    ),
    "welcome": ("Welcome", "Is published by you: an example to begin with.", WELCOME),
}


def load(*, now: datetime) -> None:
    """Make the flows that are missing; into the first one some people enter, the second one is a draft."""
    for key, (name, description, draft) in FLOWS.items():
        if not Flow.objects.filter(key=key).exists():
            row = Flow(key=key, name=name, description=description, draft=draft)
            publishing.save(row, revision=0, is_unfinished=False, actor=SYSTEM, now=now)
            if draft is LEFT_THE_CART:
                _let_in(row, now=now)


def _let_in(row: Flow, *, now: datetime) -> None:
    publishing.publish(row.pk, revision=1, people=People.FINISH, note="The first one.", actor=SYSTEM, now=now)
    row = switching.switch_on(row.pk, actor=SYSTEM, now=now)
    known = Profile.objects.filter(is_anonymous=False).order_by("-id").values_list("pk", flat=True)
    for profile_id in known[:N_INSIDE]:
        starting.start_one(row, profile_id, by=BY)
    jobs.wake()
