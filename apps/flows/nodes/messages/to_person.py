"""What all nodes have in common that write to the person: quiet hours, caps, and how people go on."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from apps.flows.contacting.writing import CAPPED, GIVEN_UP, before_writing
from apps.flows.engine.moves import Delivered, Fail, Move, Sent, Skipped, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node
from apps.flows.nodes.leaving_as_sent import go_on

_SENT: Final = "sent"


class MessageToPerson(Node):
    """A message by a channel, once for each time that people come here."""

    group = "messages"
    ports = ("out", CAPPED, "refused")
    effects = Effects.EXTERNAL
    has_error_port = True
    is_wait = True
    noun: ClassVar[str]  # by which sentences name it
    connection_id: UUID  # set as it is made

    @abstractmethod
    def message(self, step: Step) -> dict[str, Any]:
        """Write it, as a request to the connection. Raises Failure."""

    def said(self, ended: Delivered) -> Mapping[str, Any]:
        """Return what the payload has of the answer."""
        return {}

    def run(self, step: Step) -> Move:
        """Write it, unless nobody may now; and go on as it went."""
        if isinstance(step.wake, Delivered):
            return go_on(step.wake, step.payload, what=self.noun, said=self.said(step.wake))
        if isinstance(step.wake, Skipped) and step.kept == _SENT:
            return Fail(GIVEN_UP, is_given_up=True)
        message = self.message(step)
        return before_writing(step, self.channel) or Stay(
            until=None, sent=Sent(self.connection_id, message, channel=self.channel), kept=_SENT
        )
