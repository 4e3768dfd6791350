"""What flows work out of events while these are stored: where that fails somebody does not enter, and no event is lost.

Whoever wrote the condition or the key could not know all that events would say. This is the one place in which they are
worked out, for the pipeline and for whoever asks why somebody did not enter.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from apps.core import metrics
from apps.flows.engine.graph import Compiled
from apps.flows.engine.matching import text_of
from apps.flows.engine.moves import Failure
from apps.flows.triggers.entry import Why
from apps.flows.triggers.starters import Starter

logger = logging.getLogger(__name__)
Scope = Mapping[str, Any]


def condition(starter: Starter, scope: Scope, *, now: datetime) -> Why | None:
    """Say what of the condition of a trigger is in the way; None: it holds."""
    try:
        return None if starter.holds(scope, now) else Why.CONDITION
    except DatabaseError:
        raise
    except Exception:
        logger.exception("A condition cannot be judged", extra={"flow": starter.compiled.flow})
        return Why.FAILS


def note_fault(compiled: Compiled, why: Why | None) -> None:
    """Count who is kept out by a fault, and by no rule: an operator has to look at that."""
    if why is Why.FAILS:
        metrics.add(metrics.FLOW_ENTRIES_FAILED, compiled.flow)


def key(compiled: Compiled, scope: Scope) -> str | Why:
    """Return the key by which a run is one of its own, empty where none is asked for; or why there is none."""
    value = compiled.entry.key
    if value is None:
        return ""
    try:
        found = text_of(value(scope))
    except Failure:  # it reckons with what is no number, say
        return Why.FAILS
    except Exception:
        logger.exception("The key of a run cannot be worked out", extra={"flow": compiled.flow})
        return Why.FAILS
    return Why.NO_KEY if found is None else found
