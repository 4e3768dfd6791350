"""Redis or Valkey: streams by groups of consumers, lists as queues, and channels."""

from collections.abc import Sequence
from typing import Any, Final

from apps.bridges.connection_kind import Part, Report
from apps.bridges.redis_client import Way, client, told
from apps.inbound.bridge_kind import BridgeKind, Context, Reader, Seek, anywhere, register
from apps.inbound.received import Failure, Received
from apps.inbound.redis import list_queues, pubsub, streams
from apps.inbound.redis.settings import RedisBridgeSettings

MAX_PLACES: Final = 500
MAX_SCANS: Final = 100  # of a thousand keys each


def reads(settings: RedisBridgeSettings) -> str:
    """Say in short what is read."""
    names = {"streams": settings.keys, "lists": settings.lists, "channels": (*settings.channels, *settings.patterns)}
    return f"{settings.mode} {', '.join(names[settings.mode])}"


def open_(connection: Way, settings: RedisBridgeSettings, context: Context) -> Reader:
    """Begin to read."""
    if settings.mode == "streams":
        return streams.StreamReader(connection, settings, context)
    if settings.mode == "lists":
        return list_queues.ListReader(connection, settings, context)
    return pubsub.ChannelReader(connection, settings)


def peek(connection: Way, settings: RedisBridgeSettings, n: int) -> Sequence[Received]:
    """Read the newest entries, what would be taken next, or what is said within some seconds."""
    if settings.mode == "streams":
        return streams.peek(connection, settings, n)
    if settings.mode == "lists":
        return list_queues.peek(connection, settings, n)
    return pubsub.peek(connection, settings, n)


def places(connection: Way) -> Sequence[str]:
    """List streams and lists, as far as they are found in short, then channels to which somebody listens."""
    with told(connection), client(connection) as redis:
        run: Any = redis.execute_command
        found = [*_keys(run, "stream"), *_keys(run, "list")]
        found += sorted(name.decode(errors="replace") for name in run("PUBSUB", "CHANNELS"))
    return found[:MAX_PLACES]


def _keys(run: Any, kind: str) -> list[str]:
    """Look through the keys of a database, which may have millions, for a while."""
    found: set[str] = set()
    cursor, n_scans = 0, 0
    while n_scans < MAX_SCANS and len(found) < MAX_PLACES:
        cursor, keys = run("SCAN", cursor, "COUNT", 1_000, "TYPE", kind)
        found.update(key.decode(errors="replace") for key in keys)
        n_scans += 1
        if not cursor:
            break
    return sorted(found)


def look(connection: Way, settings: RedisBridgeSettings, report: Report) -> None:
    """Say whether what is to be read is there, and may be read."""
    looks = {"streams": streams.look, "lists": list_queues.look, "channels": pubsub.look}
    looks[settings.mode](connection, settings, report)


def seek(connection: Way, settings: RedisBridgeSettings, wish: Seek, context: Context) -> dict[str, Any]:
    """Let streams be read on from elsewhere; the server remembers it."""
    if settings.mode != "streams":
        raise Failure(Part.PLACE, f"Of {settings.mode} nothing is kept that could be read once more.")
    streams.seek(connection, settings, wish, context)
    return {}


register(
    "redis",
    BridgeKind(
        title="Redis or Valkey",
        about="Streams by groups of consumers, lists as queues, or channels.",
        icon="data_array",
        order=50,
        connection_kind="redis",
        settings=RedisBridgeSettings,
        reads=reads,
        open=open_,
        peek=peek,
        places=places,
        look=look,
        is_shared=lambda settings: settings.mode == "streams",
        place="stream",
        known={
            "stream": "The key of the stream.",
            "entry": "The id of the entry in its stream.",
            "list": "The key of the list.",
            "channel": "The channel.",
            "pattern": "The pattern by which the channel was found.",
        },
        seeks=lambda settings: anywhere(settings) if settings.mode == "streams" else (),
        seek=seek,
        position_hint="the id of an entry, 1700000000000-0",
        position_pattern=r"\d+(-\d+)?",
    ),
)
