"""Write an e-mail to the person."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.bridges import requests
from apps.core.typed_settings import Problem, long_text, reference, text
from apps.flows.engine.moves import Failure
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.messages.plain_text import plain_text
from apps.flows.nodes.messages.to_person import MessageToPerson
from apps.flows.nodes.outside.fixed_hosts import compile_address


@register
class Email(MessageToPerson):
    """The person gets an e-mail, once for each time that they come here, however often sending it is tried.

    It waits while quiet hours last. Whoever has had as many messages as caps allow gets none, and goes on by capped.
    They leave by out once the mail server has taken it, by refused where it said that there is no such mailbox, and by
    error where no try went well, or nobody knows an address. Who is skipped while it is sent leaves by error, too, and
    it is tried no more. payload@error has why it was refused. What a value says is escaped in HTML.
    """

    key, title, icon, order = "email", "E-mail", "mail", 10
    channel, noun = "email", "mail"
    example = {
        "connection": "Shop mail",
        "subject": "Your cart, {{ profile@data.pii.firstname | default('friend') }}",
        "html": "<p>{% for item in event@properties.items %}{{ item.name }}<br>{% endfor %}</p>",
        "unsubscribe": "https://shop.example.com/leave?id={{ profile@id }}",
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """To whom, and what."""

        connection: str = reference("Connection", to="connection", help="The mail server, and from whom it comes.")
        to: str = text("To", default="profile@data.contact.email.main", max_length=300)
        subject: str = text(
            "Subject", max_length=300, help="Your cart, {{ profile@data.pii.firstname | default('friend') }}"
        )
        html: str = long_text("HTML", default="", max_length=200_000)
        text_: str = long_text("Text", default="", help="Where no HTML is shown. Empty: what the HTML says.")
        unsubscribe: str = text(
            "Address to unsubscribe",
            default="",
            max_length=2_000,
            help="https://shop.example.com/leave?id={{ profile@id }}. Mail programs show a button that asks it (POST).",
        )

        def problems(self) -> Iterator[Problem]:
            """Refuse a mail without words, and an address that mail programs would not ask."""
            if not self.html.strip() and not self.text_.strip():
                yield Problem("html", "A mail says something: as HTML, as a text, or both.")
            if self.unsubscribe and not self.unsubscribe.lower().startswith("https://"):
                yield Problem("unsubscribe", "Mail programs ask addresses that begin with https:// alone.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self.connection_id = place.connection("connection", settings.connection, kind="smtp")
        self._to = place.text("to", settings.to)
        self._subject = place.text("subject", settings.subject)
        self._html = place.text("html", settings.html, channel="html")
        self._text = place.text("text", settings.text_) if settings.text_.strip() else None
        self._unsubscribe = (
            compile_address(place, "unsubscribe", settings.unsubscribe) if settings.unsubscribe else None
        )

    def message(self, step: Step) -> dict[str, Any]:
        """Write the mail. Raises Failure."""
        to = self._to(step.scope).strip()
        if not to:
            raise Failure("Nobody knows an address of theirs.")
        html = self._html(step.scope)
        mail: dict[str, Any] = {
            "to": to,
            "subject": " ".join(self._subject(step.scope).split()),
            "html": html,
            "text": self._text(step.scope) if self._text else plain_text(html),
        }
        if self._unsubscribe:
            # By RFC 8058: the mail program asks the address itself, and nobody has to look at a page.
            mail["headers"] = {
                "List-Unsubscribe": f"<{self._unsubscribe(step.scope)}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
        problem = requests.problem_of_mail(mail)
        if problem:
            raise Failure(problem.message)
        return mail
