"""TLS with an authority and a certificate of one's own, as brokers within a company have them."""

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from apps.bridges.safe_addresses import unencrypted
from apps.core.typed_settings import Problem, choice, long_text, secret

SECURITY: Final = {"tls": "TLS", "none": "Unencrypted, within our own networks"}
MAX_PEM: Final = 50_000  # characters


class HasTls(Protocol):
    """Settings that have the fields below under these names."""

    @property
    def security(self) -> str:
        """Whether anything is encrypted: tls, none."""

    @property
    def ca(self) -> str:
        """The authority that is trusted, in PEM; empty: those that the world trusts."""

    @property
    def certificate(self) -> str:
        """Ours, in PEM; empty: none."""

    @property
    def certificate_key(self) -> str:
        """Its key, in PEM."""


class IsAnswering(HasTls, Protocol):
    """Settings that inherit from `Answering`, too."""

    @property
    def is_encrypted(self) -> bool:
        """Whether it is reached by TLS; else it is in one of our own networks."""

    @property
    def secs(self) -> float:
        """How long an answer may take."""


class Answering:
    """What follows of the fields `security` and `time_out` of settings: they inherit from it."""

    security: str
    time_out: timedelta

    @property
    def is_encrypted(self) -> bool:
        """Whether it is reached by TLS."""
        return self.security == "tls"

    @property
    def secs(self) -> float:
        """How long an answer may take."""
        return self.time_out.total_seconds()


def security_field() -> Any:
    """Declare whether the way is encrypted."""
    return choice("Encryption", SECURITY, default="tls")


def ca_field(*security: str) -> Any:
    """Declare the authority that is trusted in place of those that the world trusts, for these kinds of encryption."""
    help = "PEM. Empty: the authorities that browsers trust."
    when = ("security", *(security or ("tls",)))
    return long_text("Authority", help=help, default="", max_length=MAX_PEM, when=when, check=_check_ca)


def certificate_field() -> Any:
    """Declare the certificate by which we sign in."""
    help = "PEM, where the server wants to see one."
    return long_text(
        "Our certificate", help=help, default="", max_length=MAX_PEM, when=("security", "tls"), check=_check_ca
    )


def certificate_key_field() -> Any:
    """Declare its private key."""
    help = "PEM, without a passphrase."
    return secret(
        "Key of our certificate",
        help=help,
        default="",
        max_length=MAX_PEM,
        has_lines=True,
        when=("security", "tls"),
        check=_check_key,
    )


def problems_of(settings: HasTls, *hosts: str) -> Iterator[Problem]:
    """Refuse what would go unencrypted to somebody else's network, and half of a pair."""
    yield from unencrypted(settings.security, *hosts)
    if bool(settings.certificate) != bool(settings.certificate_key):
        yield Problem("certificate_key", "A certificate and its key go together.")
    elif settings.certificate and not _is_pair(settings.certificate, settings.certificate_key):
        yield Problem("certificate_key", "This is the key of another certificate.")


def context_of(settings: HasTls) -> ssl.SSLContext:
    """Make the context of connections: the host's certificate is checked, always."""
    context = ssl.create_default_context(cadata=settings.ca or None)
    if settings.certificate:
        with files_of(settings) as files:
            context.load_cert_chain(files.certificate, files.key)
    return context


class Files(NamedTuple):
    """Where a library that reads nothing but files finds authority, certificate and key."""

    ca: Path
    certificate: Path
    key: Path


@contextmanager
def files_of(settings: HasTls) -> Iterator[Files]:
    """Put what settings say into files that nobody else can read, for as long as they are loaded.

    There is no file of what they do not say.
    """
    with tempfile.TemporaryDirectory(prefix="cdp-tls-") as folder:
        files = Files(*(Path(folder, f"{name}.pem") for name in Files._fields))
        said = (settings.ca, settings.certificate, settings.certificate_key)
        for file, text in zip(files, said, strict=True):
            if text:
                file.touch(mode=0o600)  # libpq takes no key that others might read
                file.write_text(text)
        yield files


def _check_ca(text: str) -> None:
    try:
        load_pem_x509_certificates(text.encode())
    except ValueError:
        raise ValueError("This is no certificate in PEM: it begins with -----BEGIN CERTIFICATE-----.") from None


def _is_pair(certificate: str, key: str) -> bool:
    ours = load_pem_x509_certificates(certificate.encode())[0].public_key()
    return ours == load_pem_private_key(key.encode(), password=None).public_key()


def _check_key(text: str) -> None:
    try:
        load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError("This is no private key in PEM, or it has a passphrase.") from None
