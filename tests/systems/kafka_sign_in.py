"""The broker's side of signing in: PLAIN, SCRAM and OAUTHBEARER."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
SALT, TURNS = b"salt of the tests", 4096


@dataclass
class SignIn:
    """Somebody signs in; None as an answer refuses them."""

    mechanism: str
    secrets: dict[str, str]  # passwords by user, or users by token
    user: str = ""
    is_done: bool = False
    _said: list[str] = field(default_factory=list)

    def answer(self, message: bytes) -> bytes | None:
        """Answer what was said."""
        if self.mechanism == "PLAIN":
            _, self.user, password = message.decode().split("\0")
            return self._ended(is_well=self.secrets.get(self.user) == password)
        if self.mechanism == "OAUTHBEARER":
            token = message.decode().partition("Bearer ")[2].partition("\x01")[0]
            self.user = self.secrets.get(token, "")
            return self._ended(is_well=bool(self.user))
        return self._scram(message.decode())

    def _ended(self, *, is_well: bool, answer: bytes = b"") -> bytes | None:
        self.is_done = is_well
        return answer if is_well else None

    def _scram(self, said: str) -> bytes | None:
        if not self._said:
            first = said.removeprefix("n,,")
            parts = dict(part.split("=", 1) for part in first.split(","))
            self.user = parts["n"]
            ours = f"r={parts['r']}ours,s={b64encode(SALT).decode()},i={TURNS}"
            self._said = [first, ours]
            return ours.encode()
        bare, _, proof = said.rpartition(",p=")
        signed = ",".join([*self._said, bare]).encode()
        name = HASHES[self.mechanism]
        salted = hashlib.pbkdf2_hmac(name, self.secrets.get(self.user, "").encode(), SALT, TURNS)
        client_key = hmac.digest(salted, b"Client Key", name)
        signature = hmac.digest(hashlib.new(name, client_key).digest(), signed, name)
        right = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        server = hmac.digest(hmac.digest(salted, b"Server Key", name), signed, name)
        is_well = self.user in self.secrets and hmac.compare_digest(right, b64decode(proof))
        return self._ended(is_well=is_well, answer=b"v=" + b64encode(server))
