"""What a receiver repeats of our credentials is kept nowhere, however it writes them."""

import html
import json
from base64 import b64encode
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import quote

import pytest

from apps.bridges import withholding
from apps.bridges.models import Delivery
from tests.bridges.factories import ConnectionFactory
from tests.bridges.lanes.test_lane import Serve, due
from tests.outside import Outside

SECRET = 'open "sesame" & <more>'


@pytest.mark.parametrize(
    ("auth", "secrets"),
    [
        ({"auth": "bearer"}, {"token": "open-sesame"}),
        ({"auth": "basic", "user": "anna"}, {"password": "open-sesame"}),
        ({"auth": "header", "header_name": "X-Key"}, {"header_value": "open-sesame"}),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_answer_that_repeats_our_credentials_is_kept_without_them(
    auth: dict[str, Any], secrets: dict[str, str], status: int, system: Outside, serve: Serve
) -> None:
    def repeat(request: BaseHTTPRequestHandler) -> None:
        said = "".join(f"{name}: {value}\n" for name, value in request.headers.items()).encode()
        request.send_response(status)
        request.send_header("X-Request-Id", said.decode().replace("\n", " "))
        request.send_header("Content-Length", str(len(said)))
        request.end_headers()
        request.wfile.write(said)

    system.handle = repeat
    there = ConnectionFactory(settings={"base_url": system.address, **auth}, secrets=json.dumps(secrets))
    [row] = due(there)

    serve()

    stored = json.dumps(Delivery.objects.filter(pk=row.pk).values("answer", "tries", "error").get())
    pair = b64encode(b"anna:open-sesame").decode()
    assert len(system.taken) == 1
    assert "open-sesame" not in stored
    assert pair not in stored
    assert withholding.HIDDEN in row.__class__.objects.get(pk=row.pk).answer["body"]


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        html.escape(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        b64encode(SECRET.encode()).decode(),
        b64encode(f"\x00anna\x00{SECRET}".encode()).decode(),
    ],
)
def test_a_secret_is_hidden_however_it_is_written(written: str, db: None) -> None:
    row = ConnectionFactory.build(settings={"user": "anna"}, secrets=json.dumps({"password": SECRET}))

    told = withholding.of(row, is_test=False).text(f"You sent {written}")

    assert told.replace('"', "") == f"You sent {withholding.HIDDEN}"


def test_what_is_left_of_a_secret_where_an_answer_is_cut_off_is_hidden_too(db: None) -> None:
    hidden = withholding.of(ConnectionFactory.build(secrets=json.dumps({"token": SECRET})), is_test=False)

    assert hidden.text(f"{'.' * 500}{SECRET[:-3]}") == f"{'.' * 500}{withholding.HIDDEN}"
    assert hidden.text("It is open") == "It is open"


def test_what_has_no_secret_stays_as_it_is(db: None) -> None:
    row = ConnectionFactory.build(secrets=json.dumps({"token": "ok"}))

    assert withholding.of(row, is_test=False).text("It is ok.") == "It is ok."
