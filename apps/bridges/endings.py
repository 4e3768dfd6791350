"""Who is told when deliveries have ended: whoever planned them, by origin, in an app's module `delivery_endings`."""

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Final

from django.db import OperationalError, transaction

from apps.bridges.models import Delivery
from apps.core.registry import Registry

logger = logging.getLogger(__name__)
# A function of an origin is called with its deliveries that have ended, in the transaction that is about to write so:
# each has its new `outcome`, `answer` and `ended_at`. It locks what it has to wake before the rows of deliveries are
# locked, as those do who cancel what they planned. No id is handed over twice but for one that was tried again by hand.
endings: Final[Registry[Callable[[Sequence[Delivery]], None]]] = Registry(
    "ending of deliveries", module="delivery_endings"
)


def tell(ended: Iterable[Delivery]) -> None:
    """Tell each origin of its deliveries that end in this transaction; an origin that nobody knows is told nothing.

    What fails there for a reason of its own is logged: what was sent is written all the same, or would be sent again.
    """
    rows = sorted(ended, key=lambda row: (row.origin, row.id))
    for origin, its in groupby(rows, key=lambda row: row.origin):
        if origin not in endings:
            continue
        try:
            with transaction.atomic():
                endings[origin](list(its))
        except OperationalError:  # another transaction got in the way, or the database is away: all is tried again
            raise
        except Exception:
            logger.exception("Who planned deliveries could not be told of their end", extra={"origin": origin})
