"""Keys of NATS (nkeys): a seed, by which we sign what a server asks, and the public key by which it knows us."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED: Final = 18 << 3  # the first letter of a seed is S
USER: Final = 20 << 3  # and that of a user U
CREDENTIALS: Final = re.compile(
    r"-+BEGIN NATS USER JWT-+\s+(?P<jwt>\S+)\s+-+END NATS USER JWT-+.*"
    r"-+BEGIN USER NKEY SEED-+\s+(?P<seed>\S+)\s+-+END USER NKEY SEED-+",
    re.DOTALL,
)


@dataclass(frozen=True, repr=False)
class Nkey:
    """A user's key."""

    _key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The key by which servers know the user."""
        raw = bytes([USER]) + self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b32encode(raw + _checksum(raw)).decode().rstrip("=")

    def signature(self, nonce: str) -> bytes:
        """Sign what a server asks."""
        return base64.urlsafe_b64encode(self._key.sign(nonce.encode())).rstrip(b"=")


def nkey_of(seed: str) -> Nkey:
    """Read a user's seed. Raises ValueError with a sentence that does not have it."""
    text = seed.strip()
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        raw = b""
    if len(raw) != 36 or _checksum(raw[:-2]) != raw[-2:] or raw[0] & 0xF8 != SEED:
        raise ValueError("This is no seed of an nkey: it begins with SU, and has 58 letters and digits.")
    if (raw[0] & 0x07) << 5 | raw[1] >> 3 != USER:
        raise ValueError("This is the seed of an account or an operator: a user's begins with SU.")
    return Nkey(Ed25519PrivateKey.from_private_bytes(raw[2:-2]))


def parts_of(credentials: str) -> tuple[str, Nkey]:
    """Read the JWT and the key of a .creds file. Raises ValueError with a sentence that does not have them."""
    found = CREDENTIALS.search(credentials)
    if not found:
        raise ValueError("This is no text of a .creds file: it has a JWT and a seed between lines of BEGIN and END.")
    return found["jwt"], nkey_of(found["seed"])


def _checksum(raw: bytes) -> bytes:
    return binascii.crc_hqx(raw, 0).to_bytes(2, "little")
