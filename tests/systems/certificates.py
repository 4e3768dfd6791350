"""An authority of one's own, with a certificate for a host and one for a client, in PEM."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey


class Pair(NamedTuple):
    """A certificate and its key, and the files that have them."""

    certificate: str
    key: str
    certificate_file: Path
    key_file: Path


class Authority:
    """Who signs certificates, in a folder that servers can read."""

    def __init__(self, folder: Path, *, name: str = "authority") -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        made = _begun(self._name, self._name, self._key, days=30)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = _pem(made.sign(self._key, hashes.SHA256()))
        self.file = folder / f"{name}.pem"
        self.file.write_text(self.certificate)

    def sign(self, name: str, *, days: int = 30) -> Pair:
        """Make a certificate for a host or a client; one of less than no days has ended."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _begun(_name(name), self._name, key, days=days)
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        certificate = _pem(made.sign(self._key, hashes.SHA256()))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        pair = Pair(certificate, secret, self._folder / f"{name}.pem", self._folder / f"{name}.key")
        pair.certificate_file.write_text(certificate)
        pair.key_file.write_text(secret)
        return pair


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(subject: x509.Name, issuer: x509.Name, key: Key, *, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=60))
    return builder.not_valid_after(now + timedelta(days=days))


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
