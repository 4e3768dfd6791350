"""The sources as a request needs them: by id or write key, from memory, at most seconds old."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final
from uuid import UUID

from apps.core import encryption
from apps.core.encryption import Unreadable
from apps.core.fields import Sealed
from apps.core.snapshot import Snapshot
from apps.core.typed_settings import SettingsError
from apps.events import internal, webhook_signing
from apps.events.models import Source
from apps.events.webhook_signing import Signing

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """What the pipeline has to know of a source; the columns of `Source` say what each means."""

    id: UUID
    name: str
    kind: str
    write_key: str
    channel: str
    allowed_origins: tuple[str, ...]
    allowed_networks: tuple[Network, ...]
    is_enabled: bool
    trusts_ids: bool
    bots: str
    required_consents: tuple[str, ...]
    is_ephemeral: bool
    is_asynchronous: bool
    creates_profiles: bool
    profile_id_path: str
    session_id_path: str
    message_id_path: str
    signing: Signing | None = field(repr=False)  # None where it cannot be read: then nothing is taken
    key: str = field(init=False)  # the id as text, of which each event has need

    def __post_init__(self) -> None:
        """Write the id once."""
        object.__setattr__(self, "key", str(self.id))

    def allows_origin(self, origin: str) -> bool:
        """Decide whether a page of this origin may send; a request without an origin comes from no page."""
        if not self.allowed_origins or not origin:
            return True
        origin = origin.lower()
        host = origin.split("://", 1)[-1].split(":")[0]
        for allowed in self.allowed_origins:
            if allowed.startswith("*.") and (host.endswith(allowed[1:]) or host == allowed[2:]):
                return True
            if origin == allowed:
                return True
        return False

    def allows_address(self, ip: str) -> bool:
        """Decide whether this address may send, as any may where none are listed; who has none is in no network."""
        if not self.allowed_networks or not ip:
            return not self.allowed_networks
        return any(ip_address(ip) in network for network in self.allowed_networks)


COLUMNS = (*(each.name for each in fields(SourcePolicy) if each.init), "signing_secrets")
_UNSIGNED: Final = webhook_signing.opened({}, "")


def policy_of(row: dict[str, Any]) -> SourcePolicy:
    """Freeze a row of `Source.objects.values()`."""
    origins = tuple(allowed.lower().rstrip("/") for allowed in row["allowed_origins"])
    row = {**row, "allowed_origins": origins, "required_consents": tuple(row["required_consents"])}
    row["allowed_networks"] = tuple(ip_network(allowed) for allowed in row["allowed_networks"])
    row["signing"] = _signing_of(row["signing"], row.pop("signing_secrets"))
    row["message_id_path"] = row["message_id_path"] or (row["signing"] or _UNSIGNED).message_id_path
    return SourcePolicy(**row)


def _signing_of(document: Mapping[str, Any], secrets: str | Sealed) -> Signing | None:
    if not document and not secrets:
        return _UNSIGNED
    try:
        text = _decrypted(secrets.token) if isinstance(secrets, Sealed) else secrets
        return webhook_signing.opened(document, text)
    except (SettingsError, Unreadable):
        return None


@lru_cache(maxsize=4_096)
def _decrypted(token: str) -> str:
    """Open a secret once, and not each time that sources are read again."""
    return encryption.decrypt(token)


def policy_of_unsaved(source: Source) -> SourcePolicy:
    """Freeze a source that has no row."""
    return policy_of({name: getattr(source, name) for name in COLUMNS})


# The platform itself: no row, so that nobody deletes it or switches it off.
INTERNAL = policy_of_unsaved(Source(id=internal.SOURCE_ID, name=internal.NAME, kind=Source.Kind.INTERNAL))


def _read() -> dict[str, SourcePolicy]:
    found: dict[str, SourcePolicy] = {str(INTERNAL.id): INTERNAL}
    for row in Source.objects.values(*COLUMNS):
        policy = policy_of(row)
        found[str(policy.id)] = found[policy.write_key] = policy
    return found


current = Snapshot(_read, of=(Source,), refresh_secs=2)


def find(name: str) -> SourcePolicy | None:
    """Find a source by its id or its write key; None when there is no such source, enabled or not.

    One that was made just now is not in memory yet, so that all are read again before None is said: a wrong key costs
    a query, as a right one does, and a process asks one at a time. Raises DatabaseError when that cannot be done now.
    """
    return current.get().get(name) or current.latest().get(name)
