"""S3: a bucket, at AWS or wherever else S3 is spoken, and the key that may put files into it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from apps.bridges import probing
from apps.bridges.connection_kind import ConnectionKind, Part, Report, register
from apps.bridges.safe_addresses import check_server, goes_in_clear
from apps.bridges.signature_v4 import Signer
from apps.bridges.transport.bucket import BucketTransport, code_of
from apps.bridges.transport.endpoint import Endpoint, Outgoing
from apps.core import egress
from apps.core.egress import Answer
from apps.core.typed_settings import Problem, choice, duration, secret, text

IN_HOST, IN_PATH = "host", "path"
ADDRESSINGS: Final = {
    IN_HOST: "In the name of the host: bucket.s3.example.com",
    IN_PATH: "In the path: s3.example.com/bucket",
}
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION: Final = re.compile(r"[a-z0-9-]{1,40}")
UNKNOWN_KEYS: Final = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"})
ELSEWHERE: Final = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect"})


def check_bucket(name: str) -> None:
    """Refuse what is no name of a bucket. Raises ValueError."""
    if not _BUCKET.fullmatch(name) or ".." in name:
        raise ValueError("The name of a bucket has 3 to 63 small letters, digits, hyphens and dots.")


def check_region(name: str) -> None:
    """Refuse what is no name of a region. Raises ValueError."""
    if not _REGION.fullmatch(name):
        raise ValueError("The name of a region has small letters, digits and hyphens, as eu-central-1.")


def check_key(key: str) -> None:
    """Refuse what no header can hold. Raises ValueError."""
    if any(not "!" <= character <= "~" or character in ",/" for character in key):
        raise ValueError("A key has letters and digits.")


@dataclass(frozen=True, kw_only=True)
class S3Settings:
    """Where the bucket is, and who we are there."""

    endpoint: str = text(
        "Endpoint",
        help="Without the bucket: https://s3.eu-central-1.amazonaws.com.",
        max_length=2_000,
        check=check_server,
    )
    region: str = text("Region", help="Servers of one's own take us-east-1.", default="us-east-1", check=check_region)
    bucket: str = text("Bucket", check=check_bucket)
    addressing: str = choice("The bucket stands", ADDRESSINGS, default=IN_HOST)
    access_key: str = text("Access key", help="It may put objects into the bucket, and no more.", check=check_key)
    secret_key: str = secret("Secret key")
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=2), default=timedelta(seconds=20)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse a bucket that cannot stand in the name of the host."""
        if self.addressing != IN_HOST:
            return
        target = egress.target_of(self.endpoint)
        if "." in self.bucket and target.scheme == "https":
            yield Problem("addressing", "No certificate fits a bucket with dots in its name: let it stand in the path.")
        with suppress(ValueError):
            ip_address(target.host)
            yield Problem("addressing", "The endpoint is no name of a host: let the bucket stand in the path.")

    @property
    def base_url(self) -> str:
        """The address of the bucket."""
        scheme, _, rest = self.endpoint.rstrip("/").partition("://")
        return f"{scheme}://{self.bucket}.{rest}" if self.addressing == IN_HOST else f"{scheme}://{rest}/{self.bucket}"

    @property
    def signer(self) -> Signer:
        """Who signs."""
        return Signer(self.access_key, self.secret_key, self.region)

    def sign(self, request: Outgoing) -> dict[str, str]:
        """Sign a request that is sent now, with the type of its content."""
        others = {name: value for name, value in request.headers.items() if name.lower() == "content-type"}
        return self.signer.headers(request.method, request.url, body=request.body, now=request.now, others=others)


def leads_to(settings: S3Settings) -> str:
    """Say which bucket it is."""
    return f"{settings.bucket} at {egress.target_of(settings.endpoint).host}"


def test(settings: S3Settings) -> Report:
    """Ask for the name of one file, which changes nothing, and need not be allowed."""
    report = Report()
    path = "/" if settings.addressing == IN_HOST else ""
    url = f"{settings.base_url}{path}?list-type=2&max-keys=1"
    headers = settings.signer.headers("GET", url, body=b"", now=datetime.now(UTC))
    answer = probing.ask(report, url, time_out=settings.time_out, headers=headers)
    if answer:
        _judge(report, settings, answer)
    return report


def _judge(report: Report, settings: S3Settings, answer: Answer) -> None:
    code = code_of(answer.body.decode("utf-8", "replace"))
    told = f"the answer was {answer.status}{f' ({code})' if code else ''}."
    if code in UNKNOWN_KEYS or answer.status == 401:
        report.failed(Part.SIGN_IN, f"It does not take these keys: {told}")
    elif code == "RequestTimeTooSkewed":
        report.failed(Part.SIGN_IN, f"Our clock and theirs are too far apart: {told}")
    elif code in ELSEWHERE or 300 <= answer.status < 400:
        report.failed(Part.RIGHT, f"The bucket is in another region, or at another endpoint: {told}")
    elif answer.status == 404:
        report.failed(Part.RIGHT, f"There is no bucket {settings.bucket}: {told}")
    elif answer.status in (200, 403):
        report.well(Part.SIGN_IN, "It takes the keys.")
        may = "It lets us see what is in the bucket" if answer.status == 200 else "It does not let us list the bucket"
        report.doubt(Part.RIGHT, f"{may}; whether we may put files there is seen with the first one.")
    else:
        report.doubt(Part.RIGHT, f"Whether it works cannot be told: {told}")


def transport(settings: S3Settings, at_once: int) -> BucketTransport:
    """Open the way by which files go."""
    endpoint = Endpoint(
        settings.base_url,
        secs=settings.time_out.total_seconds(),
        is_private=goes_in_clear(settings.base_url),
        sign=settings.sign,
    )
    return BucketTransport(endpoint, at_once=at_once)


register(
    "s3",
    ConnectionKind(
        title="S3",
        about="A bucket for files, at AWS or wherever else S3 is spoken: MinIO, Ceph, R2 and others.",
        icon="folder_open",
        order=45,
        settings=S3Settings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
