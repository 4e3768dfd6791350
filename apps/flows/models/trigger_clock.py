"""Triggers that no event meets: what they wait for, and how far they are."""

from datetime import timedelta
from typing import ClassVar

from django.db import models

from apps.core.claims import Claimable
from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.flows.models.flow import Flow


@impersonal("configuration")
class Clock(Claimable):
    """A date or a schedule that lets people enter a flow that is on; see triggers/ticking.py.

    It is never given up: whoever works on it may die as often as may be.
    """

    LEASE = timedelta(seconds=60)  # renewed with each page
    MAX_ATTEMPTS: ClassVar = 32_000

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="clocks")
    trigger = models.CharField(max_length=40)  # its id in the definition
    meaning = Json()  # the trigger, and the zone, as they were when it was wound up: a change begins anew
    done_until = models.DateTimeField()  # what has come until then is done
    # Where it goes on, while it is at something that came before now: until when, which of it, and after whom.
    position = Json(default=dict)

    class Meta(Claimable.Meta):
        constraints = [
            *Claimable.Meta.constraints,
            models.UniqueConstraint(fields=["flow", "trigger"], name="clock_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.flow} {self.trigger}"
