"""HTTP: an address, below which requests go, and what they sign in with."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.bridges.connection_kind import TEST_SECS, ConnectionKind, Part, Report, register
from apps.bridges.requests import HEADER_NAME, OUR_HEADERS
from apps.bridges.transport.endpoint import Endpoint
from apps.bridges.transport.http import HttpTransport
from apps.core import egress
from apps.core.egress import EgressError, Forbidden
from apps.core.typed_settings import Problem, choice, duration, mapping, secret, text

METHODS: Final = {
    "none": "Nothing",
    "basic": "User name and password (Basic)",
    "bearer": "A token (Bearer)",
    "header": "A header of its own",
}


def check_address(url: str) -> None:
    """Refuse what no request may go to, as far as that can be seen. Raises ValueError."""
    try:
        target = egress.target_of(url)
    except Forbidden as error:
        raise ValueError(str(error)) from None
    if "?" in target.path or "#" in url:
        raise ValueError("An address below which requests go has neither ? nor #.")


def check_path(path: str) -> None:
    """Refuse what is no path. Raises ValueError."""
    if not path.startswith("/") or any(not "!" <= character <= "~" or character == "#" for character in path):
        raise ValueError("A path begins with /, and is written percent-encoded, such as /v1/me.")


def check_header_name(name: str) -> None:
    """Refuse what is no name of a header, or of one that is the platform's. Raises ValueError."""
    if not HEADER_NAME.fullmatch(name):
        raise ValueError("The name of a header has letters, digits and hyphens.")
    if name.lower() in OUR_HEADERS:
        raise ValueError(f"The header {name} is set by the platform.")


def check_header_value(value: str) -> None:
    """Refuse what no header can hold. Raises ValueError."""
    if not value.isascii():
        raise ValueError("A header holds letters of ASCII alone.")


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """Where requests go, and what each of them has with it."""

    base_url: str = text(
        "Address",
        help="Below it go all requests: https://api.example.com/v1.",
        max_length=2_000,
        check=check_address,
    )
    auth: str = choice("It lets us in by", METHODS, default="none")
    user: str = text("User name", when=("auth", "basic"))
    password: str = secret("Password", when=("auth", "basic"), default="")
    token: str = secret("Token", when=("auth", "bearer"), check=check_header_value)
    header_name: str = text("Header", help="Such as X-Api-Key.", when=("auth", "header"), check=check_header_name)
    header_value: str = secret("Value of the header", when=("auth", "header"), check=check_header_value)
    headers: dict[str, str] = mapping(
        "Headers",
        help="They go with each request. A secret belongs above: these can be read.",
        max_items=50,
        default={},
    )
    test_path: str = text(
        "Path to test",
        help="It is asked by GET when you test the connection. Empty: the address itself.",
        default="",
        check=check_path,
    )
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=2), default=timedelta(seconds=10)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse headers that are none, and credentials that everybody on the way could read."""
        for name, value in self.headers.items():
            try:
                check_header_name(name)
                check_header_value(value)
            except ValueError as error:
                yield Problem(f"headers.{name}", str(error))
        if self.auth == "header" and self.header_name.lower() in map(str.lower, self.headers):
            yield Problem("headers", f"{self.header_name} is the header that lets us in.")
        if self.goes_in_clear:
            target = egress.target_of(self.base_url)
            try:
                egress.host_of(target.host, is_private=True)
            except Forbidden:
                yield Problem("base_url", "Credentials would go unencrypted: take https.")

    @property
    def goes_in_clear(self) -> bool:
        """Whether credentials go unencrypted: then all must stay within our own networks (`is_private` of egress)."""
        return self.auth != "none" and egress.target_of(self.base_url).scheme == "http"

    @property
    def sent_headers(self) -> dict[str, str]:
        """What each request has with it, the credentials, too."""
        match self.auth:
            case "basic":
                pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
                return {**self.headers, "Authorization": f"Basic {pair}"}
            case "bearer":
                return {**self.headers, "Authorization": f"Bearer {self.token}"}
            case "header":
                return {**self.headers, self.header_name: self.header_value}
            case _:
                return self.headers


def leads_to(settings: HttpSettings) -> str:
    """Say where requests go."""
    return settings.base_url


def test(settings: HttpSettings) -> Report:
    """Ask for the path to test, by GET."""
    report = Report()
    target = egress.target_of(settings.base_url)
    try:
        answer = egress.send(
            settings.base_url.rstrip("/") + (settings.test_path or ("" if target.path != "/" else "/")),
            method="GET",
            body=b"",
            headers=settings.sent_headers,
            secs=min(settings.time_out.total_seconds(), TEST_SECS),
            is_private=settings.goes_in_clear,
        )
    except EgressError as error:
        report.unreached(error, target.host, target.port)
        return report
    report.reached(target.host, target.port, has_tls=target.scheme == "https")
    _judge(report, settings, answer.status)
    return report


def _judge(report: Report, settings: HttpSettings, status: int) -> None:
    """Say what an answer tells of our credentials."""
    asked = settings.test_path or "the address"
    if status == 401:
        has_any = "does not take these credentials" if settings.auth != "none" else "asks for credentials"
        report.failed(Part.SIGN_IN, f"It {has_any}: the answer was 401.")
        return
    if status == 407:
        report.failed(Part.SIGN_IN, "A proxy on the way asks for credentials: the answer was 407.")
        return
    if settings.auth != "none":
        report.well(Part.SIGN_IN, "It takes the credentials, or does not look at them here.")
    if status == 403:
        report.failed(Part.RIGHT, f"It knows us, and does not let us ask for {asked}: the answer was 403.")
    elif 300 <= status < 400:
        report.failed(Part.RIGHT, f"The answer was {status}, which leads elsewhere: enter the address it leads to.")
    elif status in (404, 405):
        told = f"The answer was {status}: {asked} is not there to be asked, which need not mean anything."
        report.doubt(Part.RIGHT, f"{told} Name a path to test that is there.")
    elif status >= 500:
        report.doubt(Part.RIGHT, f"It is not well itself: the answer was {status}.")
    elif status >= 400:
        report.doubt(Part.RIGHT, f"The answer was {status}: it does not understand what a test asks.")
    else:
        report.well(Part.RIGHT, f"It answers: {status}.")


def transport(settings: HttpSettings, at_once: int) -> HttpTransport:
    """Open the way by which requests go."""
    endpoint = Endpoint(
        settings.base_url,
        settings.sent_headers,
        secs=settings.time_out.total_seconds(),
        is_private=settings.goes_in_clear,
    )
    return HttpTransport(endpoint, at_once=at_once)


register(
    "http",
    ConnectionKind(
        title="HTTP",
        about="Requests to a system that has an API, or takes webhooks.",
        icon="http",
        order=10,
        settings=HttpSettings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
