"""How a run is advanced: each branch is walked until it waits, or is over; pure, deterministic, and bounded.

The first token that can go on goes one step, and again, until none can; so it makes no difference where a run is
paused. What has happened since the last time comes first, in its order.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from time import perf_counter_ns
from typing import Final

from apps.flows.engine import effects, joins
from apps.flows.engine.arriving import BROKEN, Arriving
from apps.flows.engine.graph import Spot
from apps.flows.engine.moves import ERROR, JSON, Ask, End, Fail, Failure, Go, Move, Stay, TimedOut, Unanswered, Wake
from apps.flows.engine.outcome import Journey, Outcome, Question, Told, Wakes, unaskable, unasked
from apps.flows.engine.state import RETRY, Token
from apps.flows.engine.step import Step, Subject
from apps.flows.models import Run

logger = logging.getLogger(__name__)
MAX_QUESTIONS: Final = 50  # of one visit
MAX_WAKES: Final = 1_000  # by time, in one advance: of nodes that say they wait, and do not
_NO_WAKES: Final = Wakes()
_PLAIN: Final = Go()[1:]


def advance(
    journey: Journey,
    subject: Subject,
    now: datetime,
    wakes: Wakes = _NO_WAKES,
    *,
    must_pause: Callable[[], bool] | None = None,
) -> Outcome:
    """Walk a run as far as it comes; its state is taken over, and the subject changed.

    `must_pause` is asked before each step: where it says so, the run is due at once, and goes on from there. While the
    outcome has a question, nothing of it counts: `outcome.answered(...)` goes on.
    """
    return _Walk(journey, subject, now, must_pause).begin(wakes)


class _Walk(Arriving):
    """The way through the graph."""

    __slots__ = ("again", "answer", "field", "held", "in_worker", "must_pause", "n_asked", "n_wakes", "woken")

    def __init__(
        self, journey: Journey, subject: Subject, now: datetime, must_pause: Callable[[], bool] | None
    ) -> None:
        super().__init__(journey, subject, now)
        self.must_pause = must_pause
        self.woken: deque[tuple[Token, Wake]] = deque()
        self.in_worker: set[int] = set()  # who goes on in a worker
        self.again: tuple[Token, Wake | None, JSON] | None = None  # who has asked
        self.answer: JSON = None
        self.field = ""  # of the condition that asks
        self.held: dict[str, JSON] | None = None
        self.n_asked = self.n_wakes = 0

    def begin(self, wakes: Wakes) -> Outcome:
        """Judge what has happened, and go on."""
        state, longest = self.state, self.compiled.max_duration
        if self.now >= state.began + longest:
            self.end(Run.Status.EXPIRED, f"It was under way for {longest.days} days.", self.stands_at)
        elif self.is_consented() and not self.is_over(wakes.events) and wakes.tokens:
            for token in state.tokens:
                self.woken.extend((token, wake) for wake in wakes.tokens.get(token.id, ()))
        return self._go_on()

    def _answered(self, answer: JSON) -> Outcome:
        self._asked_no_more()
        if self.field:
            self.held = {**(self.held or {}), self.field: answer}
        else:
            self.answer = answer
        return self._go_on()

    def _put_off(self) -> Outcome:
        """Let the run be due at once, and its node be asked again then: it has come there, and done nothing.

        What woke it, and others whose turn has not come, wakes them then.
        """
        self._asked_no_more()
        assert self.again is not None
        unheard = [*self.woken, self.again[:2]]
        self.out.unheard = {token.id for token, wake in unheard if wake is not None}
        self.again, self.is_paused = None, True
        self.finish()
        return self.out

    def _asked_no_more(self) -> None:
        self.out.question, self.out.answered, self.out.put_off = None, unasked, unaskable

    def _go_on(self) -> Outcome:
        out = self.out
        while out.ending is None:
            found = self._next()
            if found is None:
                break
            if self.compiled.judges_steps and not self.n_asked and self.is_over(()):
                break
            self._visit(*found)
            if out.question is not None:
                return out
        self.finish()
        return out

    def _next(self) -> tuple[Token, Wake | None, JSON] | None:
        """Say who is to go a step, why, and with what they kept."""
        if self.again is not None:
            again, self.again = self.again, None
            return again
        while self.woken:
            token, wake = self.woken.popleft()
            if token.wait is not None and token in self.state.tokens:
                return token, wake, token.wait.kept
        found = self._ready()
        if found is not None and self.must_pause is not None and self.must_pause():
            self.is_paused = True
            return None
        return found

    def _ready(self) -> tuple[Token, Wake | None, JSON] | None:
        """Say who is the first that can go on by now."""
        for token in self.state.tokens:
            wait = token.wait
            if wait is None:
                return token, None, None
            if wait.until is not None and wait.until <= self.now and token.id not in self.in_worker:
                self.n_wakes += 1
                token.since = wait.until
                return token, TimedOut(), wait.kept
        first = joins.complete(self.state, self.compiled) if self.compiled.has_joins else None
        return (first, None, None) if first is not None else None

    # --- one step

    def _visit(self, token: Token, wake: Wake | None, kept: JSON) -> None:
        """Let somebody come to a node, or be asked again there."""
        spot = self.compiled.spots.get(token.node)
        if spot is None:
            self.end(Run.Status.EDITED, f"There is no node {token.node} in this version.", token.node)
            return
        if token.at is None:
            comer = self.come(token, spot)
        elif token.wait is not None and token.wait.reason:
            is_retry = token.wait.reason == RETRY  # of the same visit: what it sends has the same key as before
            wake, kept = self.rested(token, spot, wake), None
            is_within = self.count(spot) if is_retry else self.number(token, spot)
            comer = token if is_within else None
        else:
            comer = token
            if self.n_wakes > MAX_WAKES:
                self.end(Run.Status.FAILED, f"Node {spot.id} says that it waits, and does not.", spot.id)
                return
        if comer is not None:
            self._ask(comer, spot, wake, kept)

    def _ask(self, token: Token, spot: Spot, wake: Wake | None, kept: JSON) -> None:
        """Ask a node, and do as it says."""
        step = self.step
        step.node = self.flow["node"] = spot.id
        step.visit, step.came_at, step.due_at = token.visit, token.at, token.since or self.journey.due_at
        step.payload, step.took, step.met = token.payload, token.took, token.met
        self.scope["payload"] = token.payload
        step.wake, step.kept, step.answer, step.held = wake, kept, self.answer, self.held
        is_traced, began_ns = self.journey.is_traced, 0
        if is_traced:
            step.told, began_ns = {}, perf_counter_ns()
        self.field, self.answer = "", None
        move = self._move(spot, step)
        if isinstance(move, Ask):
            self.n_asked += 1
            if self.n_asked <= MAX_QUESTIONS:
                self.again = (token, wake, kept if self.field else move.kept)
                self.out.question = Question(token.id, spot.id, token.visit, move, self.scope)
                # Only until it is answered: a circle of objects stays in memory for long.
                self.out.answered, self.out.put_off = self._answered, self._put_off
                return
            move = Fail("It asks without end.")
        self.held, self.n_asked = None, 0
        try:
            port, error = self._do(token, spot, move)
        except Failure as failure:
            port, error = self.fail(token, spot, str(failure))
        if is_traced:
            took_us = (perf_counter_ns() - began_ns) // 1_000
            told = effects.told(step, move)
            self.out.steps.append(Told(spot.id, step.visit, self.now, port, took_us, told, error))

    def _move(self, spot: Spot, step: Step) -> Move:
        try:
            return spot.run(step)
        except Unanswered as error:
            self.field = error.field
            return error.ask
        except Failure as error:
            return Fail(str(error))
        except Exception as error:  # a node may be of whoever wrote it, and no other run is held up
            logger.exception(BROKEN, extra={"flow": step.flow, "node": step.node})
            return Fail(f"The node is broken ({type(error).__name__}).")

    def _do(self, token: Token, spot: Spot, move: Move) -> tuple[str, str]:
        """Do what a node says, and return the port by which it was left, and what went wrong.

        Raises Failure, and has done nothing, where that cannot be.
        """
        if isinstance(move, Go):
            return self._go(token, spot, move)
        if isinstance(move, Stay):
            effects.wait(move, self.step, self.out, token)
            if move.leaves_inline and self.journey.is_inline and token.wait:
                token.wait.until = self.now
                self.in_worker.add(token.id)
            return "", ""
        if isinstance(move, Fail):
            if move.is_given_up:
                self.out.cancelled.add(token.id)
            return self.fail(token, spot, move.reason, is_given_up=move.is_given_up)
        assert isinstance(move, End)
        if move.result is not None:
            effects.check_size(move.result, effects.MAX_PAYLOAD, "result")
        return "", self._over(token, spot, move)

    def _over(self, token: Token, spot: Spot, move: End) -> str:
        """End the run, or a branch, and return what went wrong, if that is why."""
        state = self.state
        state.path.append([spot.id, "", self.ms])
        if move.result is not None:
            state.result = move.result
        if not move.is_branch:
            status = Run.Status(move.status)
            self.end(status, move.reason, spot.id)
            return move.reason if status is Run.Status.FAILED else ""
        if token.wait is not None and token.wait.has_rows:
            self.drop_rows([token])
        state.tokens.remove(token)
        return ""

    def _go(self, token: Token, spot: Spot, move: Go) -> tuple[str, str]:
        if move.port not in spot.leads and move.port not in spot.ports:
            return self.fail(token, spot, f"The node has no port {move.port}.")
        if move[1:] != _PLAIN:
            effects.do(move, self.step, self.out, self.state.memory, self.now)
            if move.took:
                token.take(move.took)
            if move.changes or move.memberships:
                self.scope.update(self.subject.scope)
        self.leave(token, spot, move.port, move.payload)
        if move.port not in spot.leads and isinstance(move.payload, dict):
            self.why = str(move.payload.get(ERROR) or "")
        return move.port, ""
