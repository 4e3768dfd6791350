"""By which port people go on when what a node has sent has ended."""

from collections.abc import Mapping
from typing import Any

from apps.flows.engine.moves import Delivered, Fail, Go, Move


def go_on(ended: Delivered, payload: Any, *, what: str, said: Mapping[str, Any] | None = None) -> Move:
    """Leave by out where it was delivered, by refused with the reason in the payload, and fail where no try went well.

    `what` names it in a sentence: mail, request. `said` is what the payload has besides.
    """
    if ended.outcome not in ("delivered", "refused"):
        # Whoever cancels it does not want it to be sent again.
        return Fail(ended.error or f"The {what} was {ended.outcome}.", is_given_up=ended.outcome == "cancelled")
    found = {**(payload if isinstance(payload, dict) else {}), **(said or {})}
    if ended.outcome == "refused":
        return Go("refused", payload={**found, "error": ended.error})
    return Go(payload=found) if said else Go()
