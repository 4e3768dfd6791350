"""How somebody comes to a node: counted, within the limits, and together with others where branches meet."""

import logging
from typing import Final

from apps.flows.engine import joins
from apps.flows.engine.departing import Departing
from apps.flows.engine.graph import Spot
from apps.flows.engine.matching import text_of
from apps.flows.engine.moves import Failure, TimedOut, Wake
from apps.flows.engine.state import JOIN, Pause, Token
from apps.flows.models import Run

logger = logging.getLogger(__name__)
MAX_VISITS: Final = 100  # of one node
BROKEN: Final = "A node of a flow is broken"


class Arriving(Departing):
    """The ways to a node."""

    __slots__ = ()

    def come(self, token: Token, spot: Spot) -> Token | None:
        """Let somebody come to a node, and return who is to be asked there, if anybody is by now."""
        token.at = self.now
        self.out.counts.append(spot.entered)
        if spot.joining is None:
            return token if self.number(token, spot) else None
        comer = self.join(token, spot) if self.count(spot) else None  # who comes is counted, and so is who goes on
        return comer if comer is not None and self.number(comer, spot) else None

    def number(self, token: Token, spot: Spot) -> bool:
        """Number a visit, and tell whether it is within the limits."""
        visits = self.state.visits
        token.visit = visits[spot.id] = visits.get(spot.id, 0) + 1
        if not self.count(spot):
            return False
        if token.visit > MAX_VISITS:
            self.end(Run.Status.FAILED, f"It came to node {spot.id} more than {MAX_VISITS} times.", spot.id)
            return False
        return True

    def count(self, spot: Spot) -> bool:
        """Count a step, and tell whether it is not one too many."""
        state = self.state
        state.n_steps += 1
        if state.n_steps <= self.compiled.max_steps:
            return True
        self.end(Run.Status.FAILED, f"It took more than {self.compiled.max_steps:,} steps.", spot.id)
        return False

    def rested(self, token: Token, spot: Spot, wake: Wake | None) -> Wake | None:
        """Let go on what the engine itself held, and return what its node is told of why."""
        assert token.wait is not None
        joining = spot.joining if token.wait.reason == JOIN else None
        if joining:
            joins.let_go(token, joins.standing(self.state, token))
        token.wait = None
        # Whoever is skipped leaves a join as if the time were over, if it has a port for that.
        return TimedOut() if joining and joining.time_out and wake is not None else None

    def join(self, token: Token, spot: Spot) -> Token | None:
        """Let a branch come to a join, and return who goes on from there at once, for all that came."""
        joining, state = spot.joining, self.state
        assert joining is not None
        key = self.key(token, spot) if joining.key else ""
        if key is None:
            return None
        if joins.has_gone_on(state, spot.id, joins.round_of(token, spot.id), key):
            state.tokens.remove(token)
            return None
        came = joins.gather(state, token, key)
        first = state.token(came.token or 0)
        assert first is not None
        first.since, first.took = token.since, token.took
        if joining.mode in ("any", "first") or came.n == joining.count:
            if joining.mode == "first":
                self.cancel(joins.rivals(self.compiled, state, token))
            joins.let_go(first, came)
            return first
        if first is token:
            token.wait = Pause(self.now + joining.time_out if joining.time_out else None, reason=JOIN)
        return None

    def key(self, token: Token, spot: Spot) -> str | None:
        """Return by what a branch belongs to others; where that cannot be told the node has failed."""
        assert spot.joining is not None
        assert spot.joining.key is not None
        self.scope["payload"] = token.payload
        try:
            return text_of(spot.joining.key(self.scope)) or ""
        except Failure as error:
            self.fail(token, spot, str(error))
        except Exception as error:  # as in `_move`
            logger.exception(BROKEN, extra={"flow": self.compiled.flow, "node": spot.id})
            self.fail(token, spot, f"The node is broken ({type(error).__name__}).")
        return None
