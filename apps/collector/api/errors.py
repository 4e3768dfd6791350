"""What the collector's verbs raise, as its callers are told; and requests of which somebody may ask why."""

from datetime import UTC, datetime

from rest_framework import status

from apps.collector import accept, noticing
from apps.collector.accept import Failed
from apps.collector.grouping import Busy
from apps.collector.wire import Incoming, Message
from apps.collector.wire.body import Json, Malformed
from apps.core import metrics
from apps.core.api.errors import Refused, refused_by
from apps.core.refusal import Refusal
from apps.events import sources

BROKEN = ("invalid_json", "too_deep")


class SourceRefused(Refused):
    """The source that a request names is none, or takes no such request."""

    def __init__(self, status_code: int, refusal: Refusal, *, key: str) -> None:
        super().__init__(status_code, refusal)
        self.key = key  # by which the sender named it


class Kept(Refused):
    """A message that is kept for those who want to know why it was refused, and counted there."""


def read(message: Message, json: Json | None = None) -> Incoming:
    """Read a message of a known source; what is no such message is kept for those who look. Raises as its reader."""
    try:
        return message.read(json)
    except Malformed as error:
        if error.refusal.code in BROKEN:
            raise
        accept.refuse(message, error.refusal)
        raise Kept(status.HTTP_422_UNPROCESSABLE_ENTITY, error.refusal) from None


def note(error: Exception, *, key: str) -> None:
    """Count a request that was refused before there was a message of a source; `key` is how it names one."""
    found = refused_by(error)
    if found is None or found.status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
        return
    metrics.add(metrics.REFUSED_REQUESTS, found.refusal.code)
    if isinstance(found, Kept):
        return
    if isinstance(found, SourceRefused):
        key = found.key
    source = sources.current.get().get(key) if key else None
    noticing.note_refusal(found.refusal, at=datetime.now(UTC), source_id=source.id if source else None, key=key)


@refused_by.register
def _(error: Malformed) -> Refused:
    is_broken = error.refusal.code in BROKEN
    return Refused(status.HTTP_400_BAD_REQUEST if is_broken else status.HTTP_422_UNPROCESSABLE_ENTITY, error.refusal)


@refused_by.register
def _(error: Busy) -> Refused:
    message = "Perhaps nothing was stored. Please send it again in a moment, with the same ids."
    return Refused(status.HTTP_503_SERVICE_UNAVAILABLE, Refusal("busy", message))


@refused_by.register
def _(error: Failed) -> Refused:
    refusal = Refusal("failed", "The request could not be processed.")
    return Refused(status.HTTP_500_INTERNAL_SERVER_ERROR, refusal)
