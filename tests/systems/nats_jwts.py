"""An operator, an account and a user of NATS, and the tokens by which servers believe them."""

import base64
import json
import time
from binascii import crc_hqx
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

OPERATOR, ACCOUNT, USER = 14 << 3, 0, 20 << 3
SEED: Final = 18 << 3
ANYTHING: Final = {"subs": -1, "data": -1, "payload": -1}


class Holder:
    """Who has a key."""

    def __init__(self, kind: int) -> None:
        self._kind, self._key = kind, Ed25519PrivateKey.generate()

    @property
    def public(self) -> str:
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return _text(bytes([self._kind]) + raw)

    @property
    def seed(self) -> str:
        raw = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return _text(bytes([SEED | self._kind >> 5, (self._kind & 31) << 3]) + raw)

    def signed(self, of: "Holder", **nats: Any) -> str:
        """Say something of somebody."""
        claims = {"jti": "x", "iat": int(time.time()), "iss": self.public, "name": "x", "sub": of.public}
        said = f"{_part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_part({**claims, 'nats': {**nats, 'version': 2}})}"
        return f"{said}.{_encoded(self._key.sign(said.encode()))}"


def credentials() -> tuple[str, str]:
    """Make what a server is configured with, and the text of a .creds file."""
    operator, account, user = Holder(OPERATOR), Holder(ACCOUNT), Holder(USER)
    limits = {**ANYTHING, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
    account_jwt = operator.signed(account, type="account", limits=limits, default_permissions={"pub": {}, "sub": {}})
    user_jwt = account.signed(user, type="user", pub={}, sub={}, **ANYTHING)
    config = f"operator: {operator.signed(operator, type='operator')}\nresolver: MEMORY\n"
    config += f"resolver_preload: {{ {account.public}: {account_jwt} }}\n"
    text = f"-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\nKeep it.\n\n"
    return config, f"{text}-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"


def _text(raw: bytes) -> str:
    return base64.b32encode(raw + crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def _part(said: Any) -> str:
    return _encoded(json.dumps(said, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
