"""Write to a chat of Telegram."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import yes_no
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.teams.team_message import TeamMessage


@register
class TellTelegram(TeamMessage):
    """A group, a channel or a topic of Telegram gets a message by a bot, once for each time that people come here.

    It is a plain text, of which the first 4,096 characters are sent; or HTML, as Telegram has it, in which what is
    filled in is escaped, and which is refused if it is longer. People go on at once, unless they are to wait: then by
    refused where it is not taken as it is, and by error where no try went well in 72 hours.
    """

    key, title, icon, order = "telegram", "Telegram", "send", 30
    connection_kind = "telegram"
    example = {
        "connection": "Shop on Telegram",
        "text": "<b>Order</b>: {{ event@properties.total }}",
        "is_html": True,
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(TeamMessage.Settings):
        """Where, what, and how it is written."""

        is_html: bool = yes_no("The text is HTML", default=False)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._is_html = settings.is_html
        self.markup = "html" if settings.is_html else "text"
        super().__init__(settings, place)

    def _message(self, step: Step) -> dict[str, Any]:
        return {**super()._message(step), "is_html": self._is_html}
