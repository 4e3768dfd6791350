"""Flows as people make them: a draft, versions, other drafts."""

from copy import deepcopy
from typing import Any

from apps.flows.changing import publishing
from apps.flows.changing.publishing import People
from apps.flows.models import Flow, FlowVersion
from tests.factories import ANNA, NOON


def drawn(**parts: Any) -> Flow:
    """Return a flow that was saved once, with a draft that is whole."""
    row = Flow(**{"key": "welcome", "name": "Welcome", "draft": deepcopy(publishing.FIRST_DRAFT), **parts})
    saved(row, revision=0, is_unfinished=False)
    return row


def saved(row: Flow, *, revision: int, is_unfinished: bool) -> list[str]:
    """Store a flow with its draft, as Anna does; return what has changed."""
    return publishing.save(row, revision=revision, is_unfinished=is_unfinished, actor=ANNA, now=NOON)


def published(row: Flow, people: People = People.FINISH, note: str = "") -> FlowVersion:
    """Publish the draft of a flow as it is."""
    row.refresh_from_db()
    version = publishing.publish(row.pk, revision=row.draft_revision, people=people, note=note, actor=ANNA, now=NOON)
    row.refresh_from_db()
    return version


def redrawn(row: Flow, **changes: Any) -> None:
    """Change the draft, whatever comes of it."""
    row.refresh_from_db()
    row.draft = {**row.draft, **changes}
    saved(row, revision=row.draft_revision, is_unfinished=True)
