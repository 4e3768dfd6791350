"""AWS Signature Version 4, by which S3 and what speaks like it know who sends a request, and that it is whole.

By docs.aws.amazon.com: "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote

from apps.core import egress

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_UNENCODED: Final = "-_.~"


class Signer(NamedTuple):
    """Who signs, and for which region of which service."""

    access_key: str
    secret_key: str
    region: str
    service: str = "s3"

    def headers(
        self, method: str, url: str, *, body: bytes, now: datetime, others: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Return the headers that sign a request which is sent now, `others` of it with them.

        The path of the address is percent-encoded but for its slashes, and nothing in it is encoded that needs not be.
        """
        target = egress.target_of(url)
        digest = hashlib.sha256(body).hexdigest()
        at = f"{now:%Y%m%dT%H%M%SZ}"
        ours = {"x-amz-content-sha256": digest, "x-amz-date": at}
        signed = {name.lower(): " ".join(value.split()) for name, value in (others or {}).items()} | ours
        signed["host"] = _host_header(target)
        path, _, query = target.path.partition("?")
        names = ";".join(sorted(signed))
        lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
        request = "\n".join((method, path, _sorted(query), *lines, "", names, digest))
        scope = f"{at[:8]}/{self.region}/{self.service}/aws4_request"
        to_sign = "\n".join((ALGORITHM, at, scope, hashlib.sha256(request.encode()).hexdigest()))
        signature = hmac.digest(self._key(at[:8]), to_sign.encode(), hashlib.sha256).hex()
        said = f"Credential={self.access_key}/{scope},SignedHeaders={names},Signature={signature}"
        return {**ours, "Authorization": f"{ALGORITHM} {said}"}

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), hashlib.sha256)
        return key


def _host_header(target: egress.Target) -> str:
    """Return what the header says: the port as well, where it is not that of the scheme."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == egress.PORTS[target.scheme] else f"{host}:{target.port}"


def _sorted(query: str) -> str:
    pairs = [
        (quote(name, _UNENCODED), quote(value, _UNENCODED)) for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
