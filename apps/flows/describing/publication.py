"""What somebody looks at before they publish: what changes, who is inside, and what may become of them."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from apps.flows import definition
from apps.flows.changing import publishing
from apps.flows.changing.publishing import People
from apps.flows.describing import difference, step_words, words
from apps.flows.models import Flow

PEOPLE: Final = {
    People.FINISH: ("They finish on the version that they entered", "Nothing changes for them."),
    People.MOVE: (
        "They go on in the new version",
        "Whoever waits goes on waiting as long as they were to. From the next node that the new version has, too, they "
        "take its way; until then they stay on theirs.",
    ),
    People.LEAVE: ("They leave now", "Their runs are stopped, and say so. What was sent to them was sent."),
}
Read = Callable[[Any], Any]  # a definition, as whoever looks may read it


class Choice(NamedTuple):
    """What may become of those who are inside."""

    value: str
    title: str
    help: str


def before(row: Flow, document: Any, *, read: Read) -> dict[str, Any]:
    """Tell what publishing a definition of a flow would come to; `choices` are what may become of those inside."""
    inside = publishing.inside(row, document)
    return {
        "revision": row.draft_revision,
        "version": row.version.number if row.version else None,
        "is_same": row.version is not None and row.version.definition == document,
        "changes": _changes(row, document, read),
        "problems": definition.check(document, row),
        "inside": inside,
        "n_inside": sum(each.n for each in inside),
        "n_lost": sum(each.n for each in inside if not each.is_kept),
        "choices": [Choice(each.value, *told) for each, told in PEOPLE.items()],
    }


def in_words(row: Flow, document: Any) -> dict[str, list[str]]:
    """Return what a definition of a flow says in words."""
    is_over_everybody = row.kind == Flow.Kind.SEGMENTATION
    return {
        "triggers": words.begins(row.kind, document),
        "entry": [] if is_over_everybody else words.entry(document),
        "steps": step_words.steps(document),
        "ends": words.ends(document),
    }


def _changes(row: Flow, document: Any, read: Read) -> list[str]:
    """Say what is another than what is published; all that it does where nothing was."""
    if row.version is None:
        return [line for lines in in_words(row, read(document)).values() for line in lines]
    found = difference.in_words(read(row.version.definition), read(document))
    is_same = row.version.definition == document
    return found if found or is_same else ["Where things stand on the board, and nothing else."]
