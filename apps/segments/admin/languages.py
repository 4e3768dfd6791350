"""In which languages the admin's pages ask: of people, for segments and the list of profiles; and of events."""

from apps.conditions import Condition, ConditionError, Layout
from apps.conditions.reads import reads
from apps.core.admin.conditions.languages import Language, register
from apps.profiles.admin.privacy import SEES_PII
from apps.segments import catalogue, language


def _check_event(condition: Condition, *, text: str = "") -> None:
    """Refuse all but the event itself. Raises ConditionError."""
    found = reads(condition)
    if found.has_history:
        raise ConditionError("Here single events are asked, which have no past events.")
    for field in sorted(found.fields, key=str):
        if field.root != "event" or not field.keys:
            offset = text.find(f"{field.root}@")
            message = f"Here events are asked, as in event@type; {field} is none of theirs."
            raise ConditionError(message, offset=max(offset, 0), length=len(str(field)), text=text)


def _layout_of_events() -> Layout:
    of_history = language.layout().events
    assert of_history
    return Layout(columns=of_history.columns)


PEOPLE = register(
    Language(
        name="people",
        permission="profiles.view_profile",
        sees_all=SEES_PII,
        catalogue=catalogue.people,
        is_harmless=catalogue.is_harmless,
        check=language.check,
        layout=language.layout,
        alias="p",
        placeholder='profile@visits.count >= 5 AND DID("sale-completed" LAST 90 DAYS)',
    )
)
EVENTS = register(
    Language(
        name="events",
        permission="events.view_event",
        sees_all=SEES_PII,
        catalogue=catalogue.events,
        is_harmless=catalogue.is_harmless,
        check=_check_event,
        layout=_layout_of_events,
        alias="e",
        placeholder='event@type = "sale-completed" AND event@properties.value > 50',
    )
)
