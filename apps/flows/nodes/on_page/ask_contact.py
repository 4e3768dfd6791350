"""Ask whoever looks at the page for an address."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, long_text, reference, text
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.on_page.blocks import FormField, form, words
from apps.flows.nodes.on_page.showing import Showing, Shown, texts_of

_CONTACTS: Final = {"email": "E-mail address", "phone": "Phone number"}


@register
class AskContact(Showing):
    """The page asks for an e-mail address or a phone number. What is filled in is a property `email` or `phone`.

    With `identification`, the usual event, it becomes the address of the profile; it proves nobody's identity, and
    merges nobody. Whoever may be written to has agreed to it: *Ask for consents*. It does something in flows that
    answer inline, and has to stand before what takes time.
    """

    key, title, icon, order = "ask-contact", "Ask for an address", "contact_mail", 50
    example = {"title": "10 % off", "text": "Where may we send your voucher?", "contact": "email"}

    @dataclass(frozen=True, kw_only=True)
    class Settings(Shown):
        """What is asked."""

        title: str = text("Heading", default="", help="It may have {{ }}, as the texts below.")
        text_: str = long_text("Text", max_length=2_000)
        contact: str = choice("What is asked for", _CONTACTS, default="email")
        label: str = text("Label of the field", default="", help="Empty: E-mail address, or Phone number.")
        send: str = text("Button", default="Send", max_length=100)
        event_type: str = reference("Event", to="event_type", default="identification", help="Tracked when it is sent.")

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._said = texts_of(
            place, title=settings.title, text=settings.text_, label=settings.label, send=settings.send
        )

    def blocks(self, step: Step) -> list[dict[str, Any]]:
        """Ask."""
        contact, said = self.settings.contact, self._said(step.scope)
        label = said["label"] or _CONTACTS[contact]
        field = FormField(name=contact, label=label, input=contact, choices=())
        return [
            *words(said["title"], said["text"]),
            form(field, send=said["send"], event_type=self.settings.event_type),
        ]
