"""In which languages flows ask: at their nodes, as people enter, and by their exits and goals."""

from collections.abc import Callable, Container
from dataclasses import replace
from typing import Final

from apps.conditions import Catalogue, Condition, ConditionError
from apps.conditions.reads import reads
from apps.conditions.tree import Field
from apps.core.admin.conditions.languages import LANGUAGES, Language
from apps.flows.definition.making import OF_RULES, OF_TRIGGERS
from apps.flows.definition.parts import AT_ENTRY, BY_RULES
from apps.flows.definition.placing import PAST
from apps.flows.definition.references import FREE, OWN
from apps.profiles.admin.privacy import SEES_PII
from apps.segments import catalogue, discretion, language

_OF_STEPS: Final = ("profile", "event", "session", "memory", "flow", "payload")


def _catalogue() -> Catalogue:
    """Return what may be asked of people, and of what a run knows besides."""
    people = catalogue.people()
    free = {str(Field(root, ())) for root in FREE}
    return replace(
        people,
        fields={**people.fields, **OWN.fields},
        open_objects=people.open_objects | OWN.open_objects | free,
    )


def _of_these(roots: Container[str], *, has_past: bool) -> Callable[..., None]:
    def check(condition: Condition, *, text: str = "") -> None:
        """Refuse what nothing is known of there. Raises ConditionError."""
        asked = reads(condition)
        if asked.has_history and not has_past:
            raise ConditionError(PAST)
        for each in sorted(asked.fields, key=str):
            if each.root not in roots:
                message, at = f"Nothing is known of {each} here.", max(text.find(f"{each.root}@"), 0)
                raise ConditionError(message, offset=at, length=len(str(each)), text=text)

    return check


def _language(name: str, roots: tuple[str, ...], placeholder: str, *, has_past: bool = False) -> None:
    LANGUAGES.register(
        name,
        Language(
            name=name,
            permission="flows.view_flow",
            sees_all=SEES_PII,
            catalogue=_catalogue,
            tells_of_nobody=catalogue.is_harmless,
            telling_part=discretion.telling_part,
            check=_of_these(roots, has_past=has_past),
            layout=language.layout,
            alias="p",
            placeholder=placeholder,
            roots=roots,
            has_past=has_past,
        ),
    )


_language("flow-steps", _OF_STEPS, 'profile@visits.count >= 5 OR DID("sale-completed" LAST 90 DAYS)', has_past=True)
_language(AT_ENTRY, OF_TRIGGERS, "event@properties.value > 50")
_language(BY_RULES, OF_RULES, "event@properties.order = memory@order")
