"""What people are asked to agree to, and what is kept only of those who did: from memory, seconds old at most."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.core.snapshot import Snapshot
from apps.events import compliance
from apps.events.compliance import Rule
from apps.events.models import ComplianceRule
from apps.events.models.compliance import ComplianceError
from apps.profiles.consents import Terms
from apps.profiles.models import ConsentType

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """The consent types by id, and the rules in force, those for all event types among them."""

    terms: Mapping[str, Terms]
    offered: tuple[dict[str, Any], ...]  # as consent forms read them
    rules: tuple[Rule, ...]

    def rules_for(self, event_type: str) -> list[Rule]:
        """Return the rules that are about events of a type."""
        return [rule for rule in self.rules if rule.event_type in ("", event_type)]


def _read() -> Policy:
    types = list(ConsentType.objects.order_by("name"))
    terms = {row.id: Terms(**{name: getattr(row, name) for name in Terms.__dataclass_fields__}) for row in types}
    offered = tuple(_offer(row) for row in types if row.is_enabled)
    rows = ComplianceRule.objects.filter(is_enabled=True).order_by("id")
    return Policy(terms, offered, tuple(rule for row in rows for rule in _compiled(row)))


def _offer(row: ConsentType) -> dict[str, Any]:
    """Describe a type under the names that the consent form of the browser tracker knows, and a few more."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.text,
        "text_version": row.text_version,
        "default_value": row.default,
        "required": row.is_required,
        "revokable": row.is_revokable,
        "tags": [],
    }


def _compiled(row: ComplianceRule) -> list[Rule]:
    try:
        return compliance.compile(row)
    except ComplianceError:
        # One broken rule must not stop the collector.
        logger.exception("A compliance rule is broken", extra={"rule": row.pk})
        return []


current: Final = Snapshot(_read, of=(ConsentType, ComplianceRule), refresh_secs=2)
