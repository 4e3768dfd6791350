"""Show a message on the person's device."""

from dataclasses import dataclass

from apps.core.typed_settings import text
from apps.flows.engine.moves import Failure
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.messages.by_provider import ByProvider, ProviderMessage


@register
class PushMessage(ProviderMessage):
    """The person's device shows a message, by a provider with an API, once for each time that they come here.

    The request is what the provider's documents say. In path and body payload@to is by what the provider knows the
    device, payload@title the heading and payload@text the text; docs/connections.md has examples. It waits while quiet
    hours last, and whoever has had as many messages as caps allow goes on by capped. They leave by out once the
    provider has taken it, by refused where it said that it is wrong, or knows no such device (404, 410), and by error
    where no try went well, or nobody knows a device; payload@answer has the answer, as of HTTP calls, and payload@error
    why it was refused.
    """

    key, title, icon, order = "push", "Push message", "notifications", 30
    channel, noun = "push", "push message"
    may_be_missing = True  # devices go away, and the provider is there all the same
    example = {
        "connection": "Push",
        "to": "profile@traits.push_token",
        "title": "Your cart is waiting",
        "text": "{{ event@properties.items | length }} things are in it.",
        "path": "/send",
        "json": {"to": "payload@to", "title": "payload@title", "body": "payload@text"},
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(ByProvider):
        """To which device, and what."""

        to: str = text("To", max_length=300, help="By what the provider knows the device: profile@traits.push_token.")
        title: str = text("Heading", default="", max_length=300)

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._to, self._title = place.text("to", settings.to), place.text("title", settings.title)

    def parts(self, step: Step) -> dict[str, str]:
        """Add the device, and the heading."""
        to = self._to(step.scope).strip()
        if not to:
            raise Failure("Nobody knows a device of theirs.")
        return {**super().parts(step), "to": to, "title": self._title(step.scope)}
