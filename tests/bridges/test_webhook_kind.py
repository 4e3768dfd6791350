"""Webhooks: what is refused, that each try is signed anew under the same id, and what a test says."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from apps.bridges.kinds import webhook_receiver
from apps.bridges.kinds.webhook_receiver import WebhookSettings
from apps.bridges.requests import problem_of_http
from apps.bridges.transport import http as transport
from apps.bridges.transport.http import HttpTransport
from apps.core.typed_settings import SettingsError, read
from tests.bridges.transport.test_http import ask, parcel
from tests.factories import NOON
from tests.outside import Outside, Taken

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FORMER = "whsec_" + base64.b64encode(b"f" * 24).decode()


@pytest.fixture
def opened(system: Outside, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpTransport]:
    """A way to a system, by a clock that goes on by a minute each time that it is looked at."""
    times = (NOON + timedelta(minutes=number) for number in range(100))
    monkeypatch.setattr(transport, "datetime", SimpleNamespace(now=lambda _zone: next(times)))
    document = {"address": f"{system.address}/hooks?from=cdp", "signing_secret": SECRET, "former_secret": FORMER}
    made = webhook_receiver.transport(read(WebhookSettings, document), 1)
    yield made
    made.close()


def signature(secret: str, taken: Taken) -> str:
    signed = f"{taken.headers['webhook-id']}.{taken.headers['webhook-timestamp']}.".encode() + taken.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_each_try_is_signed_anew_by_both_secrets_under_the_same_id(system: Outside, opened: HttpTransport) -> None:
    body = '{"type": "cart.abandoned", "name": "Åse"}'
    for _ in range(2):
        ask(opened, parcel(body=body))

    first, second = system.taken
    assert (first.path, first.method, first.body) == ("/hooks?from=cdp", "POST", body.encode())
    for taken in (first, second):
        assert taken.headers["webhook-id"] == taken.headers["idempotency-key"] == "key-0"
        assert taken.headers["webhook-signature"] == f"{signature(SECRET, taken)} {signature(FORMER, taken)}"
        assert SECRET not in str(taken.headers)
    times = [datetime.fromtimestamp(int(taken.headers["webhook-timestamp"]), UTC) for taken in system.taken]
    assert times == [NOON, NOON + timedelta(minutes=1)]


@pytest.mark.parametrize("name", ["webhook-id", "Webhook-Signature", "webhook-timestamp"])
def test_nobody_but_us_says_who_signed(name: str) -> None:
    problem = problem_of_http({"headers": {name: "v1,x"}})

    assert problem is not None
    assert "set by the platform" in problem.message


@pytest.mark.parametrize(
    ("changed", "path", "message"),
    [
        ({"address": "http://93.184.215.14/hooks"}, "address", "only within these may it go unencrypted"),
        ({"address": "https://10.0.0.1/hooks"}, "address", "private or reserved network"),
        ({"address": "https://hook.example/#a"}, "address", "no #"),
        ({"signing_secret": "geheim"}, "signing_secret", "24 to 64 bytes in Base64"),
        ({"signing_secret": ""}, "signing_secret", "has to be filled in"),
        ({"former_secret": SECRET}, "former_secret", "signs now"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(changed: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(WebhookSettings, {"address": "https://hook.example/hooks", "signing_secret": SECRET, **changed})

    [problem] = raised.value.problems
    assert (problem.path, message in problem.message) == (path, True)


def test_a_test_sends_no_webhook_and_says_what_it_cannot_tell(system: Outside) -> None:
    system.status = 405

    report = webhook_receiver.test(read(WebhookSettings, {"address": system.address, "signing_secret": SECRET}))

    assert report.is_well
    assert "The answer to GET was 405" in report.findings[-1].told
    assert [(taken.method, taken.body) for taken in system.taken] == [("GET", b"")]


def test_whom_nobody_reaches_is_said_by_a_test() -> None:
    nobody = read(WebhookSettings, {"address": "https://nobody.example", "signing_secret": SECRET})

    report = webhook_receiver.test(nobody)

    assert [(finding.part, finding.state.value) for finding in report.findings] == [("name", "failed")]
