"""A flow as a file, by which another installation gets the same one; and how definitions are written for people."""

import json
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.core import audit, storable
from apps.core.audit import Actor
from apps.core.mistakes import DefinitionError
from apps.flows.changing import publishing
from apps.flows.changing.needs import needs
from apps.flows.models import Flow

FORMAT: Final = "cdp-flow-1"
_TEXTS: Final = ("key", "name", "description", "kind")
_NUMBERS: Final = ("priority", "catch_up_per_minute", "max_failure_percent")
_KEPT: Final = (*_TEXTS, *_NUMBERS)

# PostgreSQL keeps no order of keys: people get them as one thinks of a flow.
_ORDER: Final = (
    *("format", "key", "name", "description", "id", "kind"),
    *("event_type", "segment", "change", "consent", "field", "condition", "match"),
    *("triggers", "entry", "consents", "exits", "goals", "quiet_hours", "zone", "nodes", "edges"),
    *("notes", "groups", "from", "port", "to"),
    *("is_disabled", "settings", "on_error", "retry", "text", "color", "position", "size"),
)
_RANK: Final = {name: rank for rank, name in enumerate(_ORDER)}


def written(document: Any) -> str:
    """Write a definition, or a flow, as people read it."""
    return json.dumps(_ordered(document), indent=2, ensure_ascii=False)


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: _RANK.get(name, len(_RANK)))
    return {name: value[name] if name == "settings" else _ordered(value[name]) for name in names}


def export(row: Flow, definition: Any) -> dict[str, Any]:
    """Return a flow with this definition of it, and what that refers to, as JSON."""
    return {
        "format": FORMAT,
        **{name: getattr(row, name) for name in _KEPT},
        "definition": definition,
        "needs": needs(definition),
    }


def bring(found: Any, *, replaces: bool, actor: Actor, now: datetime) -> Flow:
    """Take a flow from a file as a draft, which may have mistakes here: it is published by nobody yet.

    Raises DefinitionError for what is no such file, and for a key that there is, unless its draft is to be replaced.
    """
    draft = definition_in(found)
    unknown = sorted(found.keys() - {"format", "definition", "needs", *_KEPT})
    if unknown:
        raise DefinitionError(unknown[0], "There is no such field in a flow.")
    key = _checked("key", found.get("key"))
    with transaction.atomic():
        row = Flow.objects.filter(key=key).first()
        if row and not replaces:
            raise DefinitionError("key", f"There is a flow {row.key} already. Say that its draft is to be replaced.")
        row = row or Flow()
        for name in _KEPT:
            if name in found:
                setattr(row, name, _checked(name, found[name]))
        row.draft = draft
        fields = publishing.save(row, revision=row.draft_revision, is_unfinished=True, actor=actor, now=now)
        audit.record("imported", actor=actor, at=now, object=row, name=row.key, fields=fields)
    return row


def definition_in(found: Any) -> dict[str, Any]:
    """Return the definition in the file of a flow. Raises DefinitionError for what is no such file."""
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DefinitionError("format", f"This is no flow of ours: its format is to be {FORMAT}.")
    draft = found.get("definition")
    if not isinstance(draft, dict):
        raise DefinitionError("definition", "It has to be an object.")
    return draft


def _checked(name: str, value: Any) -> Any:
    """Return what a file says in a field of a flow, which has its kind. Raises DefinitionError."""
    if name in _NUMBERS:
        if value is not None and type(value) is not int:
            raise DefinitionError(name, "Expected a whole number.")
        return value
    if not isinstance(value, str):
        raise DefinitionError(name, "Expected a text.")
    problem = storable.problem_of_text(value)
    if problem:
        raise DefinitionError(name, f"It {problem}.")
    return value
