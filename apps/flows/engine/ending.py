"""What ends a run, whatever node it is at, and what it leaves behind when it pauses."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from apps.flows.engine import exits, joins
from apps.flows.engine.moves import JSON
from apps.flows.engine.outcome import Ending, Journey, Outcome
from apps.flows.engine.state import MAX_PATH, Token
from apps.flows.engine.step import Step, Subject
from apps.flows.models import Run

_NO_SESSION: Final[Mapping[str, JSON]] = {}


def _never(_consent: str, _at: datetime) -> str:
    """Say what the consents of nobody are."""
    return "never"


class Advance:
    """A run that is being advanced."""

    __slots__ = (
        "compiled",
        "flow",
        "is_first",
        "is_paused",
        "journey",
        "ms",
        "now",
        "out",
        "scope",
        "state",
        "step",
        "subject",
        "why",
    )

    def __init__(self, journey: Journey, subject: Subject, now: datetime) -> None:
        self.journey, self.subject, self.now = journey, subject, now
        compiled, state = self.compiled, self.state = journey.compiled, journey.state
        self.out = Outcome(state, compiled)
        self.flow = {"key": compiled.flow, "name": compiled.name, "version": compiled.number, "run": journey.run_id}
        self.scope: dict[str, Any] = {
            "profile": {},
            "consents": _never,
            **subject.scope,
            "session": journey.session or _NO_SESSION,
            "event": state.event or {},
            "payload": None,
            "memory": state.memory,
            "flow": self.flow,
        }
        self.step = Step(
            *(journey.run_id, compiled.flow, compiled.number, "", 0, now, subject, self.scope, compiled.zone),
            flow_id=compiled.flow_id,
            is_inline=journey.is_inline,
            behind=journey.behind,
        )
        self.ms = int((now - state.began).total_seconds() * 1_000)
        self.is_paused = False  # it could go on, and may not
        self.why = ""  # what went wrong where a branch has ended as nothing leads on
        self.is_first = state.n_steps == 0

    def is_consented(self) -> bool:
        """Tell whether all consents are given without which nobody is here; else the run is over."""
        if self.subject.profile_id is not None:
            for consent in self.compiled.consents:
                if self.scope["consents"](consent, self.now + self.journey.behind) != "given":
                    self.end(Run.Status.REMOVED, f"The consent {consent} is not given.", self.stands_at)
                    return False
        return True

    def is_over(self, events: Iterable[Mapping[str, JSON]]) -> bool:
        """Judge goals and exits, by what has happened and by how the person is; tell whether the run is over."""
        compiled, state, scope = self.compiled, self.state, self.scope
        if not compiled.goals and not compiled.exits:
            return False
        clock = self.now + self.journey.behind
        for event in (*events, None):
            for goal in exits.reached(compiled, state, scope, self.now, event, behind=self.journey.behind):
                state.goals[goal.id] = self.now
                self.out.goals.append(goal.id)
                if goal.ends_run:
                    self.end(Run.Status.GOAL, goal.name or goal.id, self.stands_at)
                    return True
            if any(exits.holds(rule, scope, clock, event) for rule in compiled.exits):
                reason = f"The event {event['type']} came." if event else "What it asks for held."
                self.end(Run.Status.EXITED, reason, self.stands_at)
                return True
        return False

    @property
    def stands_at(self) -> str:
        """The node where the run waits, the first if several."""
        tokens = self.state.tokens
        return next((token.node for token in tokens if token.wait is not None), tokens[0].node if tokens else "")

    def end(self, status: Run.Status, reason: str, place: str) -> None:
        """End the run at a node, and all of its branches."""
        self.out.ending = Ending(status, reason)
        self.out.place = place
        self.cancel(list(self.state.tokens))

    def cancel(self, tokens: list[Token]) -> None:
        """Take tokens out of the run, with all that they wait for."""
        state, gone = self.state, {token.id for token in tokens}
        waiting = [token for token in tokens if token.wait is not None and token.wait.has_rows]
        self.drop_rows(waiting)
        self.out.cancelled |= {token.id for token in waiting}
        self.out.deliveries = [each for each in self.out.deliveries if each.token not in gone]
        self.out.children = [each for each in self.out.children if each.token not in gone]
        state.tokens = [token for token in state.tokens if token.id not in gone]
        joins.drop(state, gone)

    def drop_rows(self, tokens: list[Token]) -> None:
        """Note that tokens wait no longer; what they were to wait for from now on is not even written."""
        gone = {token.id for token in tokens}
        self.out.unwaiting |= gone
        self.out.waits = [each for each in self.out.waits if each.token not in gone]

    def finish(self) -> None:
        """Say when and where it goes on, or that it has finished."""
        out, state = self.out, self.state
        if out.ending is None and not state.tokens:
            self._come_to_an_end()
        if self.is_first and state.n_steps and (self.compiled.goals or self.compiled.exits):
            out.waits.extend(exits.waits(self.compiled, state, self.scope, has_ended=out.ending is not None))
        del state.path[:-MAX_PATH]
        if out.ending is not None:
            state.joins = {}
            return
        if state.joins:
            joins.tidy(state, self.compiled)
        moments = [self.now] if self.is_paused else [token.wait and token.wait.until for token in state.tokens]
        out.due_at = min(filter(None, (*moments, state.began + self.compiled.max_duration)))
        out.place = self.stands_at

    def _come_to_an_end(self) -> None:
        node, port, _ = self.state.path[-1] if self.state.path else ("", "", 0)
        told = f": {self.why}" if self.why else "."
        self.out.ending = Ending(Run.Status.FINISHED, f"It ended at {node}, by {port}{told}" if port else "")
        self.out.place = node
