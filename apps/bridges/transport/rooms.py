"""Messages to rooms of chats, each a request of HTTP as the chat has it, and its answers beyond their status."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import orjson

from apps.bridges import requests
from apps.bridges.transport import Parcel, Reply
from apps.bridges.transport.endpoint import Endpoint
from apps.bridges.transport.http import HttpTransport
from apps.bridges.verdicts import Verdict

LONGEST_REST: Final = 10**7  # seconds


@dataclass(frozen=True, slots=True)
class Chat:
    """How a chat is spoken to.

    `write(parcel)` makes a request of HTTP of {text, is_html}; `rest(answer)` reads for how many seconds to wait from
    the JSON of an answer to one request too many; `is_misled(answer)` tells of one that refuses the room, and not the
    message.
    """

    write: Callable[[Parcel], dict[str, Any]]
    rest: Callable[[dict[str, Any]], Any] = lambda _answer: None
    is_misled: Callable[[dict[str, Any]], bool] = lambda _answer: False


class RoomTransport(HttpTransport):
    """Messages to one room."""

    def __init__(self, endpoint: Endpoint, chat: Chat, *, at_once: int) -> None:
        super().__init__(endpoint, at_once=at_once)
        self._chat = chat

    def send(self, parcel: Parcel) -> None:
        """Begin with a message; what is wrong with it is the reply."""
        problem = requests.problem_of_post(parcel.request)
        if problem:
            self._done.append(Reply(parcel, Verdict.REFUSED, problem.message))
            return
        super().send(replace(parcel, request=self._chat.write(parcel)))

    def replies(self, *, secs: float) -> list[Reply]:
        """Return what has ended, each read as the chat means it."""
        return [self._read(reply) for reply in super().replies(secs=secs)]

    def _read(self, reply: Reply) -> Reply:
        if reply.verdict not in (Verdict.SLOWER, Verdict.REFUSED):
            return reply
        try:
            answer = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            return reply
        if not isinstance(answer, dict):
            return reply
        if reply.verdict is Verdict.REFUSED:
            return replace(reply, verdict=Verdict.HOLD) if self._chat.is_misled(answer) else reply
        secs = self._chat.rest(answer)
        if isinstance(secs, int | float) and 0 <= secs < LONGEST_REST:  # more exact than the header, if that is there
            return replace(reply, asked=timedelta(seconds=secs))
        return reply


def cut(text: str, most: int) -> str:
    """Return a text that has at most so many characters, as UTF-16 counts them: no chat counts more."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"


def posted(document: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Make a request that posts JSON."""
    return {"method": "POST", "path": path, "body": orjson.dumps(document).decode()}
