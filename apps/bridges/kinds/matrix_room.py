"""Matrix: a user of a homeserver, and the room in which they write. What they write is not encrypted end to end.

By spec.matrix.org, Client-Server API: PUT /rooms/{roomId}/send/{eventType}/{txnId}, m.room.message, m.mentions,
"Rate limiting", "Size limits", GET /account/whoami and GET /rooms/{roomId}/state/{eventType}/{stateKey}.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import orjson

from apps.bridges import probing
from apps.bridges.connection_kind import ConnectionKind, Part, Report, register
from apps.bridges.kinds.http import check_header_value
from apps.bridges.safe_addresses import check_server, goes_in_clear
from apps.bridges.transport import Parcel
from apps.bridges.transport.endpoint import Endpoint
from apps.bridges.transport.rooms import Chat, RoomTransport, cut
from apps.core.typed_settings import duration, secret, text

MOST: Final = 16_000  # characters: an event has 65,536 bytes, with all that is beside the text
_API: Final = "/_matrix/client/v3"
_ROOM: Final = re.compile(r"![^\s:]{1,200}(?::[\w.:\[\]-]{1,230})?")


def check_room(room: str) -> None:
    """Refuse what is no id of a room. Raises ValueError."""
    if not _ROOM.fullmatch(room):
        raise ValueError("A room is named by its id, as its settings show it: !abc:example.com.")


@dataclass(frozen=True, kw_only=True)
class MatrixSettings:
    """Who writes, and where."""

    server: str = text(
        "Homeserver", help="The address of its API: https://matrix.example.com.", max_length=2_000, check=check_server
    )
    token: str = secret("Access token", help="That of the user who writes.", check=check_header_value)
    room: str = text("Room", help="Its id: !abc:example.com. The user has joined it.", max_length=255, check=check_room)
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=2), default=timedelta(seconds=10)
    )

    @property
    def base_url(self) -> str:
        """Return where the API is."""
        return self.server.rstrip("/") + _API

    @property
    def sent_headers(self) -> dict[str, str]:
        """What each request has with it."""
        return {"Authorization": f"Bearer {self.token}"}


def leads_to(settings: MatrixSettings) -> str:
    """Say where messages go."""
    return f"{settings.room} at {settings.server}"


def test(settings: MatrixSettings) -> Report:
    """Ask who the user is, and whether they have joined the room."""
    report = Report()
    asked: dict[str, Any] = {"time_out": settings.time_out, "headers": settings.sent_headers}
    who = probing.ask(report, f"{settings.base_url}/account/whoami", **asked)
    if who is None:
        return report
    if who.status in (401, 403):
        report.failed(Part.SIGN_IN, f"It does not take this token: the answer was {who.status}.")
        return report
    if who.status != 200:
        report.doubt(Part.SIGN_IN, f"The answer was {who.status}: whether it takes the token cannot be told.")
        return report
    report.well(Part.SIGN_IN, "It takes this token.")
    user = quote(str(_read(who.body).get("user_id")), safe="")
    room = quote(settings.room, safe="")
    member = probing.ask(report, f"{settings.base_url}/rooms/{room}/state/m.room.member/{user}", **asked)
    if member is None:
        return report
    if member.status == 200 and _read(member.body).get("membership") == "join":
        report.well(Part.RIGHT, f"The user has joined {settings.room}.")
    else:
        report.failed(Part.RIGHT, f"The user has not joined {settings.room}: the answer was {member.status}.")
    return report


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _rest(answer: dict[str, Any]) -> Any:
    ms = answer.get("retry_after_ms")
    return ms / 1_000 if isinstance(ms, int | float) else None


def transport(settings: MatrixSettings, at_once: int) -> RoomTransport:
    """Open the way by which messages go: the key is that of the transaction, so that a repetition is known."""
    path = f"/rooms/{quote(settings.room, safe='')}/send/m.room.message/"

    def write(parcel: Parcel) -> dict[str, Any]:
        document = {"msgtype": "m.text", "body": cut(parcel.request["text"], MOST), "m.mentions": {}}
        return {"method": "PUT", "path": path + quote(parcel.key, safe=""), "body": orjson.dumps(document).decode()}

    endpoint = Endpoint(
        settings.base_url,
        settings.sent_headers,
        secs=settings.time_out.total_seconds(),
        is_private=goes_in_clear(settings.server),
    )
    return RoomTransport(endpoint, Chat(write, rest=_rest), at_once=at_once)


register(
    "matrix",
    ConnectionKind(
        title="Matrix",
        about="A room of a homeserver, in which a user of yours writes.",
        icon="forum",
        order=33,
        settings=MatrixSettings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
