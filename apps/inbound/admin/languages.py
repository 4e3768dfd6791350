"""In which language bridges ask of messages."""

from typing import Final

from apps.conditions import Catalogue, Condition, ConditionError
from apps.conditions.catalogue import KnownField
from apps.conditions.reads import reads
from apps.core.admin.conditions.languages import LANGUAGES, Language
from apps.inbound.bridge_kind import kinds
from apps.profiles.admin.privacy import SEES_PII
from apps.segments import language

ALWAYS: Final = {
    "body": "What it says: JSON, or a text",
    "headers": "Its headers, by name",
    "time": "When it was sent, by the broker's clock",
}


def _catalogue() -> Catalogue:
    """Return what messages of any kind have: what is below it, only their senders know."""
    known = dict(ALWAYS)
    for kind in kinds.values():
        known = {**kind.known, **known}
    fields = {f"message@{name}": KnownField(label=told) for name, told in known.items()}
    return Catalogue(fields=fields, open_objects=frozenset(fields))


def _check(condition: Condition, *, text: str = "") -> None:
    """Refuse all but the message itself. Raises ConditionError."""
    asked = reads(condition)
    if asked.has_history:
        raise ConditionError("Here messages are asked, of which nobody is known yet: they have no past events.")
    for each in sorted(asked.fields, key=str):
        if each.root != "message":
            message = f"Here messages are asked, as in message@body.type; {each} is none of theirs."
            raise ConditionError(message, offset=max(text.find(f"{each.root}@"), 0), length=len(str(each)), text=text)


MESSAGES = LANGUAGES.register(
    "messages",
    Language(
        name="messages",
        permission="inbound.view_bridge",
        sees_all=SEES_PII,
        catalogue=_catalogue,
        tells_of_nobody=lambda _field: False,  # a message may say anything
        telling_part=lambda node: node,
        check=_check,
        layout=language.layout,  # nobody looks for messages in tables
        alias="p",
        placeholder='message@body.type = "order" AND message@body.total > 50',
        roots=("message",),
        has_past=False,
    ),
)
