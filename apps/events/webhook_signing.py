"""How a source of webhooks knows that a message is its sender's: as settings, with their secrets apart.

The schemes are those that senders have published: standardwebhooks.com, docs.stripe.com/webhooks/signature,
shopify.dev (verify webhooks), docs.github.com (validating webhook deliveries), docs.slack.dev (verifying requests).
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import orjson

from apps.core.typed_settings import Problem, choice, duration, read, secret, secret_names, text, write

BODY, TIMESTAMP = "{body}", "{timestamp}"
LEAST_KEY: Final = 16  # bytes
LEAST_SECRET: Final = 16  # characters
SECRETS: Final = ("secret", "second_secret")
HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
NONE: Final = "none"
SCHEMES: Final = {
    NONE: "Nothing: whoever knows the address may send",
    "standard_webhooks": "Standard Webhooks",
    "stripe": "Stripe",
    "shopify": "Shopify",
    "github": "GitHub",
    "slack": "Slack",
    "hmac": "Another signature (HMAC)",
    "basic": "User name and password (basic authentication)",
}
KEYED: Final = tuple(name for name in SCHEMES if name != NONE)
DATED: Final = ("standard_webhooks", "stripe", "slack", "hmac")  # whose senders may say when they signed
CHALLENGES: Final = {
    NONE: "No",
    "slack": "Slack: url_verification",
    "meta": "Meta: hub.challenge",
    "microsoft": "Microsoft Graph: validationToken",
    "echo": "A parameter that is to be said back",
}


@dataclass(frozen=True, kw_only=True, repr=False)  # it holds secrets
class Signing:
    """What proves a message, and what the sender asks before it sends any."""

    scheme: str = choice("Signed by", SCHEMES, default=NONE, help="What is not signed like this is refused (401).")
    header: str = text("Header of the signature", default="X-Signature", max_length=100, when=("scheme", "hmac"))
    algorithm: str = choice(
        "Algorithm",
        {"sha256": "SHA-256", "sha512": "SHA-512", "sha1": "SHA-1"},
        default="sha256",
        when=("scheme", "hmac"),
    )
    encoding: str = choice(
        "Written as", {"hex": "Hexadecimal", "base64": "Base64"}, default="hex", when=("scheme", "hmac")
    )
    prefix: str = text(
        "Before the signature", default="", max_length=40, when=("scheme", "hmac"), help="Such as sha256=. Or nothing."
    )
    timestamp_header: str = text(
        "Header of the time",
        default="",
        max_length=100,
        when=("scheme", "hmac"),
        help="In which the sender says when it signed: seconds or milliseconds since 1970. Or nothing.",
    )
    signed_text: str = text(
        "What is signed",
        default=BODY,
        max_length=200,
        when=("scheme", "hmac"),
        help=f"{BODY} is the body, {TIMESTAMP} what the header of the time says: {TIMESTAMP}.{BODY}.",
    )
    tolerance: timedelta = duration(
        "Replay window",
        default=timedelta(minutes=5),
        most=timedelta(days=1),
        when=("scheme", *DATED),
        help="A message that was signed longer ago is refused: whoever caught one cannot send it again later.",
    )
    user: str = text("User name", max_length=100, when=("scheme", "basic"))
    secret_: str = secret("Secret", max_length=500, when=("scheme", *KEYED))
    second_secret: str = secret(
        "Second secret",
        default="",
        max_length=500,
        when=("scheme", *KEYED),
        help="It counts as well. Enter the next one here before the sender changes to it.",
    )
    challenge: str = choice("Asks whether the address is yours", CHALLENGES, default=NONE)
    verify_token: str = secret("Verify token", max_length=500, when=("challenge", "meta"))
    challenge_parameter: str = text(
        "Parameter", default="challenge", max_length=100, when=("challenge", "echo"), help="Of a GET request."
    )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that count."""
        return tuple(filter(None, (self.secret_, self.second_secret)))

    @property
    def message_id_path(self) -> str:
        """Where in its messages the sender writes by what it knows each again; empty where a header has it."""
        return {"stripe": "id", "slack": "event_id"}.get(self.scheme, "")

    @property
    def message_id_headers(self) -> tuple[str, ...]:
        """The headers by which the sender names what it delivers; empty where any of the usual ones may."""
        return {
            "standard_webhooks": ("Webhook-Id", "Svix-Id"),
            "github": ("X-GitHub-Delivery",),
            "shopify": ("X-Shopify-Webhook-Id",),
        }.get(self.scheme, ())

    def problems(self) -> Iterator[Problem]:
        """Refuse what no message could match, and what would prove nothing."""
        for name in ("header", "timestamp_header"):
            said = getattr(self, name)
            if (said or (name == "header" and self.scheme == "hmac")) and not HEADER.fullmatch(said):
                yield Problem(name, "This is no name of a header.")
        if self.scheme == "hmac":
            yield from self._problems_of_text()
        if self.scheme == "standard_webhooks":
            yield from self._problems_of_secrets()
        if self.scheme == "basic" and ":" in self.user:
            yield Problem("user", "A user name has no colon.")

    def _problems_of_secrets(self) -> Iterator[Problem]:
        for name, said in (("secret", self.secret_), ("second_secret", self.second_secret)):
            if said and not _is_key(said.removeprefix("whsec_")):
                message = f"A secret of Standard Webhooks is whsec_ and Base64 of {LEAST_KEY} bytes or more."
                yield Problem(name, message)

    def _problems_of_text(self) -> Iterator[Problem]:
        if self.signed_text.count(BODY) != 1:
            yield Problem("signed_text", f"It has {BODY} once: what is not signed may be anybody's.")
        if (TIMESTAMP in self.signed_text) is not bool(self.timestamp_header):
            yield Problem("signed_text", f"It has {TIMESTAMP} where there is a header of the time, and only there.")


def problems_of_new(signing: Signing, names: Iterable[str]) -> Iterator[Problem]:
    """Refuse secrets that could be guessed, of those that are new: what is stored stays as it is.

    Vendors give longer ones, so a shorter one of theirs was not copied whole. A password is whatever the other side
    asks for.
    """
    for name in names:
        said = getattr(signing, "secret_" if name == "secret" else name)
        if said and signing.scheme in KEYED and signing.scheme != "basic" and len(said) < LEAST_SECRET:
            yield Problem(name, f"At least {LEAST_SECRET} characters: who guesses it can sign.")


class Signed(Protocol):
    """A row that has settings of signing."""

    signing: dict[str, Any]
    signing_secrets: str


def fill(row: Signed, signing: Signing) -> None:
    """Put settings into a row, secrets apart from the rest."""
    document, hidden = write(signing), secret_names(Signing)
    kept = {name: value for name, value in document.items() if name in hidden and value}
    row.signing = {name: value for name, value in document.items() if name not in hidden}
    row.signing_secrets = orjson.dumps(kept).decode() if kept else ""


def opened(document: Mapping[str, Any], secrets: str) -> Signing:
    """Make settings of what `fill` stored. Raises SettingsError where they are none any more."""
    return read(Signing, {**document, **stored_secrets(secrets)})


def stored_secrets(text: str) -> dict[str, str]:
    """Return secrets by their names."""
    found: dict[str, str] = orjson.loads(text) if text else {}
    return found


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) >= LEAST_KEY
    except ValueError:
        return False
