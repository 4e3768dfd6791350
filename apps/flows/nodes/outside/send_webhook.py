"""Tell another system that something has happened, in a signed message."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import reference, template, text, yes_no
from apps.flows.contacting.writing import GIVEN_UP
from apps.flows.engine.moves import Delivered, Fail, Failure, Go, Move, Sent, Skipped, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.json_checks import written
from apps.flows.nodes.leaving_as_sent import go_on


@register
class SendWebhook(Node):
    """A system gets a webhook that is signed as Standard Webhooks says, by which it knows that it is ours.

    The body is {"type", "timestamp", "data"}: what has happened, when people came here, and what you say of it. It is
    sent once for each time that people come here; webhook-id and body stay the same when it is tried again, for 72
    hours, and each try is signed anew. People leave by out where it was taken, by refused where the receiver said that
    this one is wrong, and by error where no try went well. Whoever does not wait leaves by out at once.
    """

    key, group, title, icon, order = "webhook", "outside", "Webhook", "webhook", 20
    ports = ("out", "refused")
    effects = Effects.EXTERNAL
    has_error_port = True
    is_wait = True
    example = {
        "connection": "Shop hooks",
        "type": "cart.abandoned",
        "data": {"person": "profile@id", "total": "event@properties.total", "name?": "profile@data.pii.firstname"},
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """To whom, and what."""

        connection: str = reference("Connection", to="connection", help="The receiver, and the secret that signs.")
        type: str = text("Type", max_length=120, help="What has happened: cart.abandoned.")
        data: Any = template("Data", help='{"person": "profile@id", "total": "event@properties.total"}')
        is_waited_for: bool = yes_no("Wait until it is taken", default=True)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._is_waited_for = settings.is_waited_for
        self._connection_id = place.connection("connection", settings.connection, kind="webhook")
        self._type = place.text("type", settings.type)
        self._data = place.value("data", settings.data)

    def run(self, step: Step) -> Move:
        """Send it, and go on as it went."""
        if isinstance(step.wake, Delivered):
            return go_on(step.wake, step.payload, what="webhook")
        if isinstance(step.wake, Skipped):
            return Fail(GIVEN_UP, is_given_up=True)
        sent = Sent(self._connection_id, self._request(step), is_waited_for=self._is_waited_for)
        return Stay(until=None, sent=sent) if sent.is_waited_for else Go(sent=(sent,))

    def _request(self, step: Step) -> dict[str, Any]:
        type_ = self._type(step.scope).strip()
        if not type_:
            raise Failure("A webhook has a type: what has happened.")
        document = {"type": type_, "timestamp": step.now.isoformat(), "data": self._data(step.scope)}
        return {"method": "POST", "body": written(document, "webhook")}
