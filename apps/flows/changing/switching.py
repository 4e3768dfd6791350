"""Whether people enter a flow, and go on in it: on, off, paused."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.flows.changing import publishing
from apps.flows.changing.publishing import NotNow
from apps.flows.models import Flow
from apps.flows.runs import pausing
from apps.flows.runs.pausing import CannotResume, Policy
from apps.flows.triggers import starting


def switch_on(flow_id: UUID, *, actor: Actor, now: datetime) -> Flow:
    """Let people enter, and at once those who are in the segments of triggers that say so.

    Raises NotNow for a flow that was never published, or is paused; Problems where what is published asks about
    something that is gone by now.
    """
    with transaction.atomic():
        row = publishing.locked(flow_id)
        publishing.refuse_while_deleted(row)
        if row.state == Flow.State.PAUSED:
            raise NotNow("It is paused: let it go on instead.")
        if row.version is None:
            raise NotNow("It was never published: publish it first.")
        publishing.refuse_mistakes(row.version.definition, row)
        was_off = row.state == Flow.State.OFF
        _switch(row, Flow.State.ON, "switched on", actor=actor, now=now)
        if was_off:
            starting.start_members(row, by=actor.name)
        return row


def switch_off(flow_id: UUID, *, actor: Actor, now: datetime) -> Flow:
    """Let nobody enter any more; who is inside goes on. Raises NotNow for a paused flow."""
    with transaction.atomic():
        row = publishing.locked(flow_id)
        if row.state == Flow.State.PAUSED:
            raise NotNow("It is paused: nobody enters. Let it go on first, or end the runs of those inside.")
        return _switch(row, Flow.State.OFF, "switched off", actor=actor, now=now)


def pause(flow_id: UUID, *, actor: Actor, now: datetime) -> Flow:
    """Let nobody enter, and nobody go on; the clocks of those inside stand still. Raises NotNow."""
    with transaction.atomic():
        row = publishing.locked(flow_id)
        if row.kind == Flow.Kind.SEGMENTATION:
            raise NotNow("Nobody is inside of a flow over everybody: switch it off.")
        if row.version is None:
            raise NotNow("It was never published: nobody is inside.")
        if row.state == Flow.State.PAUSED:
            raise NotNow("It is paused already.")
        pausing.pause(row, because="", now=now)
        audit.record("paused", actor=actor, at=now, object=row, name=row.key)
        return row


def resume(flow_id: UUID, *, policy: Policy, actor: Actor, now: datetime) -> Flow:
    """Let a flow that is paused go on, as soon as everybody inside was seen to. Raises NotNow."""
    with transaction.atomic():
        row = publishing.locked(flow_id)
        try:
            pausing.resume(row, policy=policy, requested_by=actor.name, now=now)
        except CannotResume as error:
            raise NotNow(str(error)) from None
        audit.record("resumed", actor=actor, at=now, object=row, name=row.key, policy=policy.value)
        return row


def _switch(row: Flow, state: Flow.State, verb: str, *, actor: Actor, now: datetime) -> Flow:
    if row.state != state:
        row.state, row.next_pass_at = state, None
        row.save(update_fields=["state", "next_pass_at", "updated_at"])
        audit.record(verb, actor=actor, at=now, object=row, name=row.key)
    return row
