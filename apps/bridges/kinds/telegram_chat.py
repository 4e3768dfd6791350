"""Telegram: a bot, and the chat in which it writes: a group, a channel or a topic of a group.

By core.telegram.org/bots/api: "Making requests", sendMessage, getMe, getChat, ResponseParameters and "Using a Local
Bot API Server".
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from apps.bridges import probing
from apps.bridges.connection_kind import ConnectionKind, Part, Report, register
from apps.bridges.safe_addresses import check_server, goes_in_clear
from apps.bridges.transport import Parcel
from apps.bridges.transport.endpoint import Endpoint
from apps.bridges.transport.rooms import Chat, RoomTransport, cut, posted
from apps.core.typed_settings import duration, number, secret, text

MOST: Final = 4_096  # characters
_TOKEN: Final = re.compile(r"\d+:[\w-]+", re.ASCII)
_CHAT: Final = re.compile(r"-?\d{1,20}|@[A-Za-z]\w{3,31}", re.ASCII)
# What is said of the room and not of a message, after "Bad Request: ".
_MISLED: Final = (
    "chat not found",
    "message thread not found",
    "not enough rights",
    "have no rights",
    "need administrator rights",
)


def check_token(token: str) -> None:
    """Refuse what is no token of a bot. Raises ValueError."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("A token is digits, a colon, and letters: 123456:ABC….")


def check_chat(chat: str) -> None:
    """Refuse what names no chat. Raises ValueError."""
    if not _CHAT.fullmatch(chat):
        raise ValueError("A chat is a number, such as -1001234567890, or the name of a public one: @shop.")


@dataclass(frozen=True, kw_only=True)
class TelegramSettings:
    """Who writes, and where."""

    token: str = secret("Token of the bot", help="As @BotFather says it: 123456:ABC….", check=check_token)
    chat: str = text("Chat", help="Its number, -1001234567890, or @name of a public one.", check=check_chat)
    topic: int | None = number("Topic", help="Of a group with topics: its number.", least=1, default=None)
    server: str = text(
        "Server",
        help="Another one only if you run a Bot API server yourselves.",
        default="https://api.telegram.org",
        check=check_server,
    )
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=2), default=timedelta(seconds=10)
    )

    @property
    def base_url(self) -> str:
        """Return where all methods are: the token is a part of it."""
        return f"{self.server.rstrip('/')}/bot{self.token}"


def leads_to(settings: TelegramSettings) -> str:
    """Say where messages go."""
    return f"{settings.chat} at {settings.server}"


def test(settings: TelegramSettings) -> Report:
    """Ask who the bot is, and for the chat."""
    report = Report()
    who = probing.ask(report, f"{settings.base_url}/getMe", time_out=settings.time_out)
    if who is None:
        return report
    if who.status in (401, 404):
        report.failed(Part.SIGN_IN, f"It knows no bot with this token: the answer was {who.status}.")
        return report
    if who.status != 200:
        report.doubt(Part.SIGN_IN, f"The answer was {who.status}: whether it knows the bot cannot be told now.")
        return report
    report.well(Part.SIGN_IN, "It knows the bot.")
    where = f"{settings.base_url}/getChat?chat_id={quote(settings.chat, safe='')}"
    chat = probing.ask(report, where, time_out=settings.time_out)
    if chat is None:
        return report
    if chat.status == 200:
        report.well(Part.RIGHT, f"The bot knows the chat {settings.chat}.")
    else:
        report.failed(Part.RIGHT, f"The bot does not know the chat {settings.chat}: the answer was {chat.status}.")
    return report


def _rest(answer: dict[str, Any]) -> Any:
    parameters = answer.get("parameters")
    return parameters.get("retry_after") if isinstance(parameters, dict) else None


def _is_misled(answer: dict[str, Any]) -> bool:
    parameters, said = answer.get("parameters"), str(answer.get("description")).lower()
    has_moved = isinstance(parameters, dict) and "migrate_to_chat_id" in parameters
    return has_moved or any(words in said for words in _MISLED)


def transport(settings: TelegramSettings, at_once: int) -> RoomTransport:
    """Open the way by which messages go."""
    where = {"chat_id": settings.chat, **({"message_thread_id": settings.topic} if settings.topic else {})}

    def write(parcel: Parcel) -> dict[str, Any]:
        # To cut HTML would open a tag for good: what is too long of it is refused.
        text = parcel.request["text"]
        said = {"text": text, "parse_mode": "HTML"} if parcel.request.get("is_html") else {"text": cut(text, MOST)}
        return posted({**where, **said}, "/sendMessage")

    endpoint = Endpoint(
        settings.base_url, secs=settings.time_out.total_seconds(), is_private=goes_in_clear(settings.server)
    )
    return RoomTransport(endpoint, Chat(write, rest=_rest, is_misled=_is_misled), at_once=at_once)


register(
    "telegram",
    ConnectionKind(
        title="Telegram",
        about="A group, a channel or a topic, in which a bot of yours writes.",
        icon="send",
        order=32,
        settings=TelegramSettings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
