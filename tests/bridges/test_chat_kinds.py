"""Rooms of chats: what is refused, what arrives as each chat wants it, and what its answers mean."""

import json
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.utils import timezone

from apps.bridges.connection_kind import kinds
from apps.bridges.kinds.discord_room import DiscordSettings
from apps.bridges.kinds.matrix_room import MatrixSettings
from apps.bridges.kinds.slack_room import SlackSettings
from apps.bridges.kinds.telegram_chat import TelegramSettings
from apps.bridges.models import Delivery
from apps.bridges.transport import Reply
from apps.bridges.transport.rooms import cut
from apps.bridges.verdicts import Verdict
from apps.core.typed_settings import SettingsError, read
from tests.bridges.factories import ConnectionFactory, DeliveryFactory
from tests.bridges.transport.test_http import ask, parcel
from tests.outside import Handle, Outside

TOKEN = "123456:AAbb-cc_dd"
ROOM = "!team:matrix.example"
CHATS = ("slack", "discord", "telegram", "matrix")


def settings_of(kind: str, address: str) -> Any:
    """Make settings that lead to an address, which need not be that of the chat itself."""
    return {
        "slack": lambda: SlackSettings(address=f"{address}/services/T0/B0/geheim"),
        "discord": lambda: DiscordSettings(address=f"{address}/api/webhooks/1/geheim?thread_id=7"),
        "telegram": lambda: TelegramSettings(token=TOKEN, chat="@team", topic=4, server=address),
        "matrix": lambda: MatrixSettings(server=address, token="geheim", room=ROOM),
    }[kind]()


def told(kind: str, system: Outside, **request: Any) -> Reply:
    transport = kinds[kind].transport(settings_of(kind, system.address), 1)
    try:
        [reply] = ask(transport, parcel(**request))  # type: ignore[arg-type]
    finally:
        transport.close()
    return reply


def saying(status: int, answer: Any, **headers: str) -> Handle:
    def handle(request: BaseHTTPRequestHandler) -> None:
        body = json.dumps(answer).encode()
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return handle


@pytest.mark.parametrize(
    ("kind", "method", "path", "body"),
    [
        ("slack", "POST", "/services/T0/B0/geheim", {"text": "Åse"}),
        (
            "discord",
            "POST",
            "/api/webhooks/1/geheim?thread_id=7&wait=true",
            {"content": "Åse", "allowed_mentions": {"parse": []}},
        ),
        (
            "telegram",
            "POST",
            f"/bot{TOKEN}/sendMessage",
            {"chat_id": "@team", "message_thread_id": 4, "text": "Åse"},
        ),
        (
            "matrix",
            "PUT",
            "/_matrix/client/v3/rooms/%21team%3Amatrix.example/send/m.room.message/key-0",
            {"msgtype": "m.text", "body": "Åse", "m.mentions": {}},
        ),
    ],
)
def test_a_message_arrives_as_the_chat_wants_it(
    kind: str, method: str, path: str, body: dict[str, Any], system: Outside
) -> None:
    reply = told(kind, system, text="Åse")

    [taken] = system.taken
    assert reply.verdict is Verdict.DELIVERED
    assert (taken.method, taken.path, json.loads(taken.body)) == (method, path, body)
    assert taken.headers["content-type"] == "application/json"
    assert taken.headers.get("authorization") == ("Bearer geheim" if kind == "matrix" else None)


def test_html_is_said_to_be_html_and_is_not_cut(system: Outside) -> None:
    told("telegram", system, text="<b>x</b>" * 600, is_html=True)

    [taken] = system.taken
    body = json.loads(taken.body)
    assert (body["parse_mode"], len(body["text"])) == ("HTML", 4_800)


@pytest.mark.parametrize(
    ("kind", "field", "most"),
    [("slack", "text", 40_000), ("discord", "content", 2_000), ("telegram", "text", 4_096), ("matrix", "body", 16_000)],
)
def test_what_is_too_long_is_cut(kind: str, field: str, most: int, system: Outside) -> None:
    told(kind, system, text="å" * 50_000)

    assert json.loads(system.taken[0].body)[field] == "å" * (most - 1) + "…"


def test_no_letter_is_cut_in_two() -> None:
    assert cut("ab", 2) == "ab"
    assert cut("😀😀😀", 4) == "😀…"
    assert cut("😀😀", 4) == "😀😀"


@pytest.mark.parametrize(
    ("kind", "answer", "headers", "rest"),
    [
        ("slack", "rate_limited", {"Retry_After": "3"}, 3),
        ("discord", {"message": "You are being rate limited.", "retry_after": 0.65}, {"Retry_After": "1"}, 0.65),
        ("discord", {"retry_after": "soon"}, {"Retry_After": "1"}, 1),
        ("telegram", {"ok": False, "error_code": 429, "parameters": {"retry_after": 7}}, {}, 7),
        ("telegram", {"ok": False, "error_code": 429}, {}, None),
        ("matrix", {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1_500}, {}, 1.5),
        ("matrix", [], {}, None),
    ],
)
def test_a_chat_that_is_told_too_much_says_for_how_long_to_rest(
    kind: str, answer: Any, headers: dict[str, str], rest: float | None, system: Outside
) -> None:
    system.handle = saying(429, answer, **headers)

    reply = told(kind, system, text="Hello")

    assert reply.verdict is Verdict.SLOWER
    assert reply.asked == (None if rest is None else timedelta(seconds=rest))


@pytest.mark.parametrize(
    ("kind", "status", "answer", "verdict"),
    [
        ("slack", 400, "invalid_payload", Verdict.REFUSED),
        ("slack", 403, "invalid_token", Verdict.HOLD),
        ("slack", 410, "channel_is_archived", Verdict.HOLD),
        ("discord", 404, {"code": 10015}, Verdict.HOLD),
        ("discord", 400, {"code": 50035}, Verdict.REFUSED),
        ("telegram", 401, {"ok": False}, Verdict.HOLD),
        ("telegram", 400, {"ok": False, "description": "Bad Request: chat not found"}, Verdict.HOLD),
        ("telegram", 400, {"ok": False, "parameters": {"migrate_to_chat_id": -100}}, Verdict.HOLD),
        ("telegram", 400, {"ok": False, "description": "Bad Request: message is too long"}, Verdict.REFUSED),
        ("matrix", 403, {"errcode": "M_FORBIDDEN"}, Verdict.HOLD),
        ("matrix", 413, {"errcode": "M_TOO_LARGE"}, Verdict.REFUSED),
        ("matrix", 502, {}, Verdict.AGAIN),
    ],
)
def test_what_is_wrong_with_a_room_holds_it_and_what_is_with_a_message_does_not(
    kind: str, status: int, answer: Any, verdict: Verdict, system: Outside
) -> None:
    system.handle = saying(status, answer)

    assert told(kind, system, text="Hello").verdict is verdict


@pytest.mark.parametrize("request_", [{}, {"text": " "}, {"text": 5}, {"text": "\ud800"}, {"text": "a", "is_html": 1}])
def test_what_is_no_message_is_not_sent(request_: dict[str, Any], system: Outside) -> None:
    assert told("slack", system, **request_).verdict is Verdict.REFUSED
    assert system.taken == []


@pytest.mark.parametrize("kind", CHATS)
def test_a_test_that_goes_well_says_so_and_writes_nothing(kind: str, system: Outside) -> None:
    system.handle = saying(200, {"user_id": "@cdp:matrix.example", "membership": "join"})

    report = kinds[kind].test(settings_of(kind, system.address))

    assert [finding.state.value for finding in report.findings] == ["well", "well", "doubt", "well", "well"][
        : len(report.findings)
    ]
    asked = ("POST", b"{}") if kind == "slack" else ("GET", b"")
    assert {(taken.method, taken.body) for taken in system.taken} == {asked}
    assert "geheim" not in str(report)
    assert TOKEN not in str(report)


def test_a_test_of_matrix_asks_for_the_membership_of_the_user(system: Outside) -> None:
    system.handle = saying(200, {"user_id": "@cdp:matrix.example", "membership": "leave"})

    report = kinds["matrix"].test(settings_of("matrix", system.address))

    assert [taken.path.removeprefix("/_matrix/client/v3") for taken in system.taken] == [
        "/account/whoami",
        "/rooms/%21team%3Amatrix.example/state/m.room.member/%40cdp%3Amatrix.example",
    ]
    assert (report.findings[-1].part, report.is_well) == ("right", False)


def test_a_test_of_telegram_asks_for_the_chat(system: Outside) -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        saying(200 if request.path.endswith("/getMe") else 400, {})(request)

    system.handle = handle

    report = kinds["telegram"].test(settings_of("telegram", system.address))

    assert system.taken[-1].path == f"/bot{TOKEN}/getChat?chat_id=%40team"
    assert (report.findings[-1].part, report.is_well) == ("right", False)


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize(("status", "is_well"), [(401, False), (503, True)])
def test_a_test_says_whether_we_are_let_in(kind: str, status: int, is_well: bool, system: Outside) -> None:
    system.status = status

    report = kinds[kind].test(settings_of(kind, system.address))

    assert (report.findings[-1].part, report.is_well) == ("sign_in", is_well)
    assert str(status) in report.findings[-1].told


@pytest.mark.parametrize("kind", CHATS)
def test_whom_nobody_reaches_is_said_by_its_part(kind: str) -> None:
    report = kinds[kind].test(settings_of(kind, "https://nobody.example"))

    assert [(finding.part, finding.state.value) for finding in report.findings] == [("name", "failed")]


SLACK = {"address": "https://hooks.slack.com/services/T0/B0/x"}
DISCORD = {"address": "https://discord.com/api/webhooks/1/ab-c_d?thread_id=5"}
TELEGRAM = {"token": TOKEN, "chat": "-1001234567890"}
MATRIX = {"server": "https://matrix.example", "token": "t", "room": ROOM}


@pytest.mark.parametrize(
    ("cls", "document", "path", "message"),
    [
        (SlackSettings, {"address": "http://93.184.215.14/x"}, "address", "go unencrypted"),
        (SlackSettings, {}, "address", "has to be filled in"),
        (DiscordSettings, {"address": "https://hook.example/api/webhooks/1/x"}, "address", "discord.com/api/webhooks"),
        (DiscordSettings, {"address": "https://discord.com.evil.example/api/webhooks/1/x"}, "address", "discord.com"),
        (TelegramSettings, {**TELEGRAM, "token": "abc"}, "token", "123456:ABC"),
        (TelegramSettings, {**TELEGRAM, "token": "1:a/../x"}, "token", "123456:ABC"),
        (TelegramSettings, {**TELEGRAM, "chat": "Team chat"}, "chat", "@shop"),
        (TelegramSettings, {**TELEGRAM, "server": "https://a.example/?x"}, "server", "neither ? nor #"),
        (MatrixSettings, {**MATRIX, "room": "#team:matrix.example"}, "room", "by its id"),
        (MatrixSettings, {**MATRIX, "token": "schlüssel"}, "token", "ASCII"),
        (MatrixSettings, {**MATRIX, "server": "https://10.0.0.1"}, "server", "private or reserved"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(cls: type, document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(cls, document)

    [problem] = raised.value.problems
    assert (problem.path, message in problem.message) == (path, True), problem


@pytest.mark.parametrize(
    ("kind", "cls", "document", "leads_to"),
    [
        ("slack", SlackSettings, SLACK, "hooks.slack.com"),
        ("discord", DiscordSettings, DISCORD, "discord.com"),
        ("telegram", TelegramSettings, TELEGRAM, "-1001234567890 at https://api.telegram.org"),
        ("matrix", MatrixSettings, MATRIX, f"{ROOM} at https://matrix.example"),
    ],
)
def test_where_it_leads_is_said_without_a_secret(kind: str, cls: type, document: dict[str, Any], leads_to: str) -> None:
    assert kinds[kind].leads_to(read(cls, document)) == leads_to


def test_a_room_that_repeats_its_secret_address_is_kept_without_it(system: Outside, serve: Callable[..., None]) -> None:
    system.handle = saying(400, "no /services/T0/B0/geheim here")
    secrets = json.dumps({"address": f"{system.address}/services/T0/B0/geheim"})
    room = ConnectionFactory(kind="slack", settings={}, secrets=secrets)
    row = DeliveryFactory(connection=room, created_at=timezone.now(), request={"text": "Hello"})

    serve()

    row.refresh_from_db()
    assert row.outcome == Delivery.Outcome.REFUSED
    assert "geheim" not in json.dumps([row.answer, row.tries, row.error])
