"""Which types of events runs may have ever waited for: only for these does the pipeline look for waits.

The list only grows, so its length says which list it is. Whoever publishes a flow notes what its runs may come to wait
for: workers whose runs are the first to wait need not wait for each other. Whoever lets a run wait notes what is not
there yet in the same transaction, while it holds the person. Whoever stores an event of the person holds them
afterwards, and asks for the length then: nobody goes by a list that is older than what their people wait for.
"""

from collections.abc import Iterable
from typing import Final

from django.db import connection

from apps.conditions.type_names import event_types
from apps.core.snapshot import Snapshot, rows_changed
from apps.flows.models import AwaitedType, Wait

ANYTHING: Final = Wait.ANYTHING
LENGTH: Final = "(SELECT count(*) FROM flows_awaitedtype)"  # part of a statement: it is asked beside something else
_NOTE: Final = "INSERT INTO flows_awaitedtype (type) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"


def _read() -> frozenset[str]:
    return frozenset(AwaitedType.objects.values_list("type", flat=True))


current: Final = Snapshot(_read, of=(AwaitedType,), refresh_secs=60.0)  # who has to know better asks for the length


def types(length: int | None) -> frozenset[str]:
    """Return the list that was so long as a statement of the caller looked; None: it did not look."""
    known = current.get()
    return known if len(known) == length else current.latest()


def note(types: Iterable[str]) -> None:
    """Note that runs wait for events of these types, and of those that mean the same; no statement if it is known."""
    new = set(event_types(types)) - current.get()
    if new:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [sorted(new)])  # in one order: two who note the same do not wait in a circle
        rows_changed(AwaitedType)
