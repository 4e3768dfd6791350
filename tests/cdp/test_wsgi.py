"""What the server's application adds to Django's."""

import json
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_started
from django.db import close_old_connections

from cdp import wsgi

pytestmark = pytest.mark.usefixtures("in_one_transaction")


@pytest.fixture(autouse=True)
def connection_of_the_test() -> None:
    """Leave it open, as `cdp.wsgi` does: Django's client, in a test before, may have connected the signal again."""
    request_started.disconnect(close_old_connections)


def send(body: bytes, **environ: Any) -> tuple[str, dict[str, Any]]:
    """Send a body without a length, as a server hands it over that has read it in chunks."""
    request: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/track",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        **environ,
    }
    setup_testing_defaults(request)
    answered: list[str] = []
    content = b"".join(wsgi.application(request, lambda status, headers, exc_info=None: answered.append(status)))
    return answered[0][:3], json.loads(content)


def test_a_body_in_chunks_is_read() -> None:
    status, answer = send(b'{"source": {"id": "nobody"}}')

    assert (status, answer["code"]) == ("401", "unknown_source")


def test_a_body_in_chunks_is_held_to_the_limit(settings: Any) -> None:
    settings.MAX_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    status, answer = send(b" " * 200)

    assert (status, answer["code"]) == ("413", "too_large")


def test_a_server_that_does_not_mark_the_end_of_a_body_is_not_waited_for() -> None:
    status, answer = send(b"{}", **{"wsgi.input_terminated": False})

    assert (status, answer["code"]) == ("400", "invalid_json")
