"""How somebody leaves a node: by a port, along all of its edges, or because it could not do what it should."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from apps.flows.engine.ending import Advance
from apps.flows.engine.graph import Lead, Spot
from apps.flows.engine.moves import ERROR, JSON
from apps.flows.engine.state import RETRY, Pause, Token
from apps.flows.models import Run

MAX_TOKENS: Final = 100  # branches at once


class Departing(Advance):
    """The ways from a node."""

    __slots__ = ()

    def leave(self, token: Token, spot: Spot, port: str, payload: JSON) -> None:
        """Let somebody leave by a port, along all of its edges; where there is none the branch ends."""
        self.out.counts.append((spot.id, port))
        self.state.path.append([spot.id, port, self.ms])
        if token.wait is not None and token.wait.has_rows:
            self.drop_rows([token])
        leads = spot.leads.get(port)
        if not leads:
            self.state.tokens.remove(token)
            return
        if payload is not None:
            token.payload = payload
        token.moved(leads[0].spot.id, leads[0].name)
        if len(leads) > 1:
            self.fork(token, leads[1:])
        if self.journey.successor is not None:
            self.follow()

    def fork(self, token: Token, leads: Iterable[Lead]) -> None:
        """Let others go along the further edges of a port."""
        state = self.state
        for place, lead in enumerate(leads, start=state.tokens.index(token) + 1):  # next to where it came from
            branch = replace(token, id=state.next_id, node=lead.spot.id, by=lead.name, passed=dict(token.passed))
            state.tokens.insert(place, branch)
            state.next_id += 1
        if len(state.tokens) > MAX_TOKENS:
            self.end(Run.Status.FAILED, f"It has more than {MAX_TOKENS} branches at once.", token.node)

    def follow(self) -> None:
        """Go on in a later version, once all branches stand where there is something in it."""
        successor = self.journey.successor
        if successor is None or not all(token.node in successor.spots for token in self.state.tokens):
            return
        self.journey.successor = None
        self.compiled = self.out.compiled = successor
        self.step.version, self.step.zone = successor.number, successor.zone
        self.flow |= {"name": successor.name, "version": successor.number}
        if not self.is_first:
            self.out.rewaiting.add(0)
        self.is_first = True

    def fail(self, token: Token, spot: Spot, reason: str, *, is_given_up: bool = False) -> tuple[str, str]:
        """Try again after a rest, leave by the port for errors, go on all the same, or fail the run: in that order."""
        if token.tries < spot.retries and not is_given_up:
            self.drop_rows([token])
            token.tries += 1
            token.wait = Pause(self.now + spot.rest, reason=RETRY)
            return "", reason
        if ERROR in spot.leads:
            brought = token.payload if isinstance(token.payload, dict) else {}
            self.leave(token, spot, ERROR, {**brought, "error": reason})
            return ERROR, reason
        if spot.goes_on and spot.ports:
            self.leave(token, spot, spot.ports[0], None)
            return spot.ports[0], reason
        self.end(Run.Status.FAILED, f"Node {spot.id}: {reason}", spot.id)
        return "", reason
