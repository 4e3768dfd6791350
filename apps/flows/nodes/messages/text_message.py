"""Write a text message to the person's phone."""

from dataclasses import dataclass

from apps.core.typed_settings import text
from apps.flows.engine.moves import Failure
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.messages.by_provider import ByProvider, ProviderMessage
from apps.profiles.identifiers import Kind, normalise


@register
class TextMessage(ProviderMessage):
    """The person gets a text message (SMS) by a provider with an API, once for each time that they come here.

    The request is what the provider's documents say. In path and body payload@to is the number in E.164 (+4791234567)
    and payload@text the text; docs/connections.md has examples. It waits while quiet hours last, and whoever has had as
    many messages as caps allow goes on by capped. They leave by out once the provider has taken it, by refused where it
    said that it is wrong, and by error where no try went well, or nobody knows a valid number; payload@answer has the
    answer, as of HTTP calls, and payload@error why it was refused. National numbers are those of the installation's
    country. A 404 holds the connection: it is about the address, and not about the person.
    """

    key, title, icon, order = "sms", "Text message (SMS)", "sms", 20
    channel, noun = "sms", "text message"
    example = {
        "connection": "Text messages",
        "text": "Hi {{ profile@data.pii.firstname | default('there') }}, your order is on its way.",
        "path": "/messages",
        "json": {"to": ["payload@to"], "from": "Shop", "body": "payload@text"},
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(ByProvider):
        """To which number, and what."""

        to: str = text("To", default="profile@data.contact.phone.main", max_length=300)

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._to = place.text("to", settings.to)

    def parts(self, step: Step) -> dict[str, str]:
        """Add the number."""
        said = self._to(step.scope).strip()
        if not said:
            raise Failure("Nobody knows a phone number of theirs.")
        number = normalise(Kind.PHONE, said)
        if number is None:
            raise Failure("This is no phone number that can be written to.")
        return {**super().parts(step), "to": number}
