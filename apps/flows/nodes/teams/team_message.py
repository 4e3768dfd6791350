"""What all nodes have in common that write to a team: they say a text, and people may wait until it is there."""

from dataclasses import dataclass
from typing import Any, ClassVar

from apps.bridges import requests
from apps.core.typed_settings import long_text, reference, yes_no
from apps.flows.contacting.writing import GIVEN_UP
from apps.flows.engine.moves import Delivered, Fail, Failure, Go, Move, Sent, Skipped, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place
from apps.flows.nodes.leaving_as_sent import go_on


class TeamMessage(Node):
    """A message to a room of a chat, which is about the person and not for them: no cap counts it."""

    group = "teams"
    ports = ("out", "refused")
    effects = Effects.EXTERNAL
    has_error_port = True
    is_wait = True
    connection_kind: ClassVar[str]
    markup: str = "text"  # the channel of templates: how what is filled in is escaped

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Where, and what."""

        connection: str = reference("Connection", to="connection", help="It leads to the room.")
        text_: str = long_text("Text", max_length=40_000, help="What is too long for the chat is cut.")
        is_waited_for: bool = yes_no("Wait until it is there", default=False)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._is_waited_for = settings.is_waited_for
        self._connection_id = place.connection("connection", settings.connection, kind=self.connection_kind)
        self._text = place.text("text", settings.text_, channel=self.markup)

    def run(self, step: Step) -> Move:
        """Send it, and go on at once, or as it went."""
        if isinstance(step.wake, Delivered):
            return go_on(step.wake, step.payload, what="message")
        if isinstance(step.wake, Skipped):
            return Fail(GIVEN_UP, is_given_up=True)
        sent = Sent(self._connection_id, self._message(step), is_waited_for=self._is_waited_for)
        return Stay(until=None, sent=sent) if sent.is_waited_for else Go(sent=(sent,))

    def _message(self, step: Step) -> dict[str, Any]:
        message = {"text": self._text(step.scope)}
        problem = requests.problem_of_post(message)
        if problem:
            raise Failure(problem.message)
        return message
