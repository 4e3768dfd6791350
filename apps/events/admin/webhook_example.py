"""How to try a source of webhooks from a shell: a message that is signed as its sender would."""

import shlex
from typing import Final

from apps.events.webhook_signing import BODY, NONE, TIMESTAMP, Signing

MESSAGE: Final = '{"amount": 24.9, "customer": {"id": "17"}}'
_PLAIN_KEY: Final = '-hmac "$SECRET"'
# The key of Standard Webhooks is what the secret says in Base64.
_DECODED_KEY: Final = (
    '-mac HMAC -macopt "hexkey:$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d \' \\n\')"'
)
_WRITTEN: Final = {"hex": "-hex | sed 's/.* //'", "base64": "-binary | base64 | tr -d '\\n'"}


def example(address: str, signing: Signing) -> str:
    """Write lines to paste, in which only the secret is to be filled in."""
    sent = f"curl {address} -H 'Content-Type: application/json'"
    if signing.scheme == NONE:
        return f"{sent} -d {shlex.quote(MESSAGE)}"
    if signing.scheme == "basic":
        return f"SECRET='…'\n{sent} -u {shlex.quote(signing.user + ':')}\"$SECRET\" -d {shlex.quote(MESSAGE)}"
    text, encoding, headers = _parts(signing)
    algorithm, key = (
        signing.algorithm if signing.scheme == "hmac" else "sha256",
        _DECODED_KEY if signing.scheme == "standard_webhooks" else _PLAIN_KEY,
    )
    said = _quoted(text)
    shown = " ".join(f"-H {_quoted(header)}" for header in headers)
    lines = [
        "SECRET='…'",
        f"BODY={shlex.quote(MESSAGE)}",
        "TIME=$(date +%s)",
        f"SIGNATURE=$(printf %s {said} | openssl dgst -{algorithm} {key} {_WRITTEN[encoding]})",
        f'{sent} {shown} -d "$BODY"',
    ]
    return "\n".join(line for line in lines if line[:5] != "TIME=" or "$TIME" in said + shown)


def _parts(signing: Signing) -> tuple[str, str, list[str]]:
    """Return what is signed, how the signature is written, and the headers."""
    match signing.scheme:
        case "standard_webhooks":
            named = ["webhook-id: msg_1", f"webhook-timestamp: {TIMESTAMP}", "webhook-signature: v1,$SIGNATURE"]
            return f"msg_1.{TIMESTAMP}.{BODY}", "base64", named
        case "stripe":
            return f"{TIMESTAMP}.{BODY}", "hex", [f"Stripe-Signature: t={TIMESTAMP},v1=$SIGNATURE"]
        case "shopify":
            return BODY, "base64", ["X-Shopify-Hmac-Sha256: $SIGNATURE"]
        case "github":
            return BODY, "hex", ["X-Hub-Signature-256: sha256=$SIGNATURE"]
        case "slack":
            named = [f"X-Slack-Request-Timestamp: {TIMESTAMP}", "X-Slack-Signature: v0=$SIGNATURE"]
            return f"v0:{TIMESTAMP}:{BODY}", "hex", named
        case _:
            named = [f"{signing.timestamp_header}: {TIMESTAMP}"] if signing.timestamp_header else []
            named.append(f"{signing.header}: {_escaped(signing.prefix)}$SIGNATURE")
            return _escaped(signing.signed_text), signing.encoding, named


def _quoted(text: str) -> str:
    return '"' + text.replace(TIMESTAMP, "$TIME").replace(BODY, "$BODY") + '"'


def _escaped(text: str) -> str:
    """Let what an operator typed stand for itself within double quotes."""
    return "".join(f"\\{each}" if each in '"$`\\' else each for each in text)
