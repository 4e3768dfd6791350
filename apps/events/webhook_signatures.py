"""Whether a message of a webhook is signed as its source says: on the bytes as they came, in constant time."""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from apps.core.refusal import Refusal
from apps.events.webhook_signing import BODY, NONE, TIMESTAMP, Signing

Headers = Mapping[str, str]  # whose names may be in any case
MAX_SIGNATURES: Final = 10  # of one message: while secrets change there are two
MILLISECONDS: Final = 100_000_000_000  # seconds since 1970 are fewer for three thousand years
MISSING_CREDENTIALS: Final = "missing_credentials"
UNSIGNED_QUERY: Final = "What stands in an address is not signed: send it in the body, by POST."


class _Claim(NamedTuple):
    """What a message says of its signature, as its scheme has it."""

    header: str
    signatures: Sequence[bytes]  # any of which may be right
    text: bytes  # which is signed
    time: str | None = None  # when; None where the scheme has none
    algorithm: str = "sha256"
    key: Callable[[str], bytes] = str.encode  # made of a secret


def refusal_of(signing: Signing, headers: Headers, body: bytes | None, *, now: datetime) -> Refusal | None:
    """Say why a message is not its sender's; None where it is. Without a body there is nothing that could be signed."""
    if signing.scheme == NONE:
        return None
    if signing.scheme == "basic":
        return _credentials_refusal(signing, headers)
    if body is None:
        return Refusal("missing_signature", UNSIGNED_QUERY)
    claim = _READERS[signing.scheme](signing, headers, body)
    if not claim.signatures:
        return Refusal("missing_signature", f"The message has no signature in {claim.header}.", claim.header)
    if not _is_right(claim, signing.secrets):
        return Refusal("wrong_signature", "The signature is not that of this message and secret.", claim.header)
    return _time_refusal(claim, signing, now=now)


def _is_right(claim: _Claim, secrets: Sequence[str]) -> bool:
    found = False
    for secret in secrets:
        right = hmac.digest(claim.key(secret), claim.text, claim.algorithm)
        for signature in claim.signatures[:MAX_SIGNATURES]:
            found |= hmac.compare_digest(right, signature)
    return found


def _time_refusal(claim: _Claim, signing: Signing, *, now: datetime) -> Refusal | None:
    if claim.time is None:
        return None
    if not (claim.time.isascii() and claim.time.isdigit() and len(claim.time) < 20):
        return Refusal("wrong_signature", "It does not say when it was signed.", claim.header)
    said = int(claim.time)
    at = said / 1_000 if said >= MILLISECONDS else said
    if abs(now.timestamp() - at) > signing.tolerance.total_seconds():
        message = "It was signed too long ago, or by a clock that is wrong."
        return Refusal("expired_signature", message, claim.header)
    return None


def _standard(signing: Signing, headers: Headers, body: bytes) -> _Claim:
    # Svix, where the standard comes from, has names of its own for the same.
    prefix = "svix" if "svix-signature" in headers and "webhook-signature" not in headers else "webhook"
    id, time, signed = (headers.get(f"{prefix}-{name}", "") for name in ("id", "timestamp", "signature"))
    versions = (part.partition(",") for part in signed.split(" "))
    return _Claim(
        f"{prefix}-signature",
        _decoded((value for version, _, value in versions if version == "v1"), "base64"),
        b".".join((_bytes(id), _bytes(time), body)),
        time,
        key=lambda secret: base64.b64decode(secret.removeprefix("whsec_")),
    )


def _stripe(signing: Signing, headers: Headers, body: bytes) -> _Claim:
    parts = [part.strip().partition("=") for part in headers.get("Stripe-Signature", "").split(",")]
    time = next((value for name, _, value in parts if name == "t"), "")
    signatures = _decoded((value for name, _, value in parts if name == "v1"), "hex")
    return _Claim("Stripe-Signature", signatures, _bytes(time) + b"." + body, time)


def _shopify(signing: Signing, headers: Headers, body: bytes) -> _Claim:
    name = "X-Shopify-Hmac-Sha256"
    return _Claim(name, _decoded([headers.get(name, "")], "base64"), body)


def _github(signing: Signing, headers: Headers, body: bytes) -> _Claim:
    name = "X-Hub-Signature-256"
    return _Claim(name, _after("sha256=", headers.get(name, ""), "hex"), body)


def _slack(signing: Signing, headers: Headers, body: bytes) -> _Claim:
    name, time = "X-Slack-Signature", headers.get("X-Slack-Request-Timestamp", "")
    signatures = _after("v0=", headers.get(name, ""), "hex")
    return _Claim(name, signatures, b":".join((b"v0", _bytes(time), body)), time)


def _hmac(signing: Signing, headers: Headers, body: bytes) -> _Claim:
    signatures = _after(signing.prefix, headers.get(signing.header, "").strip(), signing.encoding)
    time = headers.get(signing.timestamp_header, "").strip() if signing.timestamp_header else None
    before, _, after = (part.encode() for part in signing.signed_text.partition(BODY))
    said = _bytes(time or "")
    text = before.replace(TIMESTAMP.encode(), said) + body + after.replace(TIMESTAMP.encode(), said)
    return _Claim(signing.header, signatures, text, time, signing.algorithm)


_READERS: Final[Mapping[str, Callable[[Signing, Headers, bytes], _Claim]]] = {
    "standard_webhooks": _standard,
    "stripe": _stripe,
    "shopify": _shopify,
    "github": _github,
    "slack": _slack,
    "hmac": _hmac,
}


def _credentials_refusal(signing: Signing, headers: Headers) -> Refusal | None:
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        message = "The message has no user name and password, as basic authentication sends them."
        return Refusal(MISSING_CREDENTIALS, message, "Authorization")
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except ValueError:
        user, password = b"", b""
    is_right = hmac.compare_digest(user, signing.user.encode())
    is_known = False
    for secret in signing.secrets:
        is_known |= hmac.compare_digest(password, secret.encode())
    if is_right and is_known:
        return None
    return Refusal("wrong_credentials", "User name or password are wrong.", "Authorization")


def _after(prefix: str, header: str, encoding: str) -> list[bytes]:
    return _decoded([header.removeprefix(prefix)], encoding) if header.startswith(prefix) else []


def _decoded(texts: Iterable[str], encoding: str) -> list[bytes]:
    """Read signatures; what is none could be nobody's."""
    found = []
    for text in texts:
        try:
            raw = bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            continue
        if raw:
            found.append(raw)
    return found


def _bytes(header: str) -> bytes:
    """Return a header as it was on the wire: servers read it as Latin-1."""
    return header.encode("latin-1", "replace")
