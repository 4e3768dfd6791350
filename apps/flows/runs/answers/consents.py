"""What somebody may be asked to agree to: the consent types that are offered, in their wording of today."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apps.events import consent_policy
from apps.flows.runs.answers import Asked, answering
from apps.profiles.consents import State
from apps.profiles.models import ConsentType

_UNDECIDED: Final = frozenset({State.NEVER, State.EXPIRED})


@answering("consents")
def consents(questions: Sequence[Asked]) -> list[Any]:
    """Return for each what may be asked, from memory: those that it names, or all; without what was decided."""
    offered = consent_policy.current.get().offered
    return [[_shown(each) for each in offered if _is_asked(each["id"], asked)] for asked in questions]


def _is_asked(id: str, asked: Asked) -> bool:
    about = asked.about
    if about["ids"] and id not in about["ids"]:
        return False
    state = asked.subject.scope.get("consents")
    return not about["is_undecided"] or state is None or state(id, asked.now) in _UNDECIDED


def _shown(offer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": offer["id"],
        "name": offer["name"],
        "text": offer["description"],
        "text_version": offer["text_version"],
        "is_required": offer["required"],
        "is_ticked": offer["default_value"] == ConsentType.Default.GRANT,
    }
