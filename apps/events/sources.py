"""The sources as a request needs them: by id or write key, from memory, at most seconds old."""

from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from apps.core.snapshot import Snapshot
from apps.events import internal
from apps.events.models import Source


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """What the pipeline has to know of a source; the columns of `Source` say what each means."""

    id: UUID
    name: str
    kind: str
    write_key: str
    channel: str
    allowed_origins: tuple[str, ...]
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


COLUMNS = tuple(each.name for each in fields(SourcePolicy) if each.init)


def policy_of(row: dict[str, Any]) -> SourcePolicy:
    """Freeze a row of `Source.objects.values()`."""
    origins = tuple(allowed.lower().rstrip("/") for allowed in row["allowed_origins"])
    consents = tuple(row["required_consents"])
    return SourcePolicy(**{**row, "allowed_origins": origins, "required_consents": consents})


# The platform itself: no row, so that nobody deletes it or switches it off.
INTERNAL = policy_of(
    {
        name: getattr(Source(id=internal.SOURCE_ID, name=internal.NAME, kind=Source.Kind.INTERNAL), name)
        for name in COLUMNS
    }
)


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
