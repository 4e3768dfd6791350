"""In which languages the admin's pages ask: of people, for segments and the list of profiles; and of events."""

from apps.conditions import Condition, ConditionError, Layout
from apps.conditions.reads import reads
from apps.conditions.tree import Field
from apps.core.admin.conditions.languages import LANGUAGES, Language
from apps.profiles.admin.privacy import SEES_PII
from apps.segments import catalogue, discretion, language


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


def _tells_of_nobody(field: Field) -> bool:
    return catalogue.is_harmless(field) or catalogue.is_figure(field)


def _layout_of_events() -> Layout:
    of_history = language.layout().events
    assert of_history
    return Layout(columns=of_history.columns)


PEOPLE = LANGUAGES.register(
    "people",
    Language(
        name="people",
        permission="profiles.view_profile",
        sees_all=SEES_PII,
        catalogue=catalogue.people,
        tells_of_nobody=_tells_of_nobody,
        telling_part=discretion.telling_part,
        check=language.check,
        layout=language.layout,
        alias="p",
        placeholder='profile@visits.count >= 5 AND DID("sale-completed" LAST 90 DAYS)',
    ),
)
EVENTS = LANGUAGES.register(
    "events",
    Language(
        name="events",
        permission="events.view_event",
        sees_all=SEES_PII,
        catalogue=catalogue.events,
        tells_of_nobody=_tells_of_nobody,
        telling_part=discretion.telling_part,
        check=_check_event,
        layout=_layout_of_events,
        alias="e",
        placeholder='event@type = "sale-completed" AND event@properties.value > 50',
        roots=("event",),
        has_past=False,
    ),
)
