"""After this stage all that the batch names is locked and read, and nobody who was erased is among it."""

from datetime import timedelta
from typing import Final

from apps.collector import erased, proofs
from apps.collector.payload import Batch
from apps.core import locks
from apps.core.fetch import fetch
from apps.events import consent_policy
from apps.profiles import burial, identity, ledger
from apps.sessions.models import Session

TOLERATED_SKEW: Final = timedelta(minutes=1)  # between the clocks of our hosts; one that is ahead by more is wrong


def prepare(batch: Batch) -> None:
    """Lock all keys of the batch, and read what they name in one query a table.

    Raises ledger.Moved when a merge or an erasure came between our look and our lock; nothing has changed then.
    """
    if batch.buried:
        for payload in batch.kept:
            erased.turn_away(payload, batch.buried)
            proofs.claim(payload, buried=batch.buried)  # by what is left of it
    batch.named = batch.going
    locks.by_key(set().union(*[payload.keys for payload in batch.named]))
    _load(batch)
    # Whoever erases somebody holds the lock of their profile: who is not buried now is not while we hold it.
    buried = burial.find(batch.names)
    if buried.keys() != batch.buried.keys():
        batch.buried = buried  # so few are that nobody is looked for before
        raise ledger.Moved
    batch.stored_at = batch.directory.later_than_all(batch.now)
    if batch.stored_at - batch.now < TOLERATED_SKEW:
        batch.now = batch.stored_at  # what another host has just stored did not happen in the future
    batch.policy = consent_policy.current.get()


def _load(batch: Batch) -> None:
    """Read sessions, and all that the claims may resolve to; a query a table, and one for sessions of devices."""
    sessions = fetch(Session, {payload.session_key for payload in batch.named if payload.session_key})
    for payload in batch.named:
        if payload.device_key is None and payload.session_key in sessions:
            payload.device_key = sessions[payload.session_key].device_key
    # Only a session that the client names proves whose it is; the one that we lend to a device follows its identifier.
    batch.owners = {key: row.original_profile_id for key, row in sessions.items() if row.original_profile_id}
    claims = [payload.claim for payload in batch.named if not payload.is_profileless]
    batch.directory = identity.load(claims, session_profile_ids=set(batch.owners.values()))
    lent = {found.session_id for found in batch.directory.identifiers.values() if found.session_id}
    batch.sessions = sessions | fetch(Session, lent - sessions.keys())
