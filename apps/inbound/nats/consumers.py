"""Durable consumers of NATS: found, made, kept as settings say, and made anew to read from elsewhere."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from apps.bridges.connection_kind import Part
from apps.bridges.nats_client import Link
from apps.inbound.bridge_kind import Context, Seek, To
from apps.inbound.nats.settings import NatsBridgeSettings
from apps.inbound.received import Failure
from apps.inbound.starts import BEGINNING, TIME, moment_of

NS: Final = 1_000_000_000
NOT_FOUND: Final = 404
TRIES: Final = 3  # to make a consumer anew while others make it, too
Document = Mapping[str, Any]
# Consumers that this process has read by: where one is lost, with its stream, what comes then is all new.
_read_before: Final[set[tuple[str, str]]] = set()


def name_of(settings: NatsBridgeSettings, context: Context) -> str:
    """Return the name of the consumer."""
    return settings.durable or context.group.replace(".", "-")


def stream_of(link: Link, name: str) -> Document:
    """Return what the server says of a stream."""
    answer = link.ask(f"STREAM.INFO.{name}")
    if "error" in answer:
        raise Failure(Part.PLACE, _said(answer, f"There is no stream {name}."))
    return answer


def found(link: Link, stream: str, name: str) -> Document | None:
    """Return what the server says of a consumer, if it is there."""
    answer = link.ask(f"CONSUMER.INFO.{stream}.{name}")
    if "error" in answer:
        if answer["error"].get("code") == NOT_FOUND:
            return None
        raise Failure(Part.PLACE, _said(answer))
    return answer


def ensured(link: Link, settings: NatsBridgeSettings, context: Context) -> Document:
    """Return the consumer, made where it is not there, and changed where settings have."""
    name = name_of(settings, context)
    consumer = found(link, settings.stream, name)
    if not settings.create:
        if consumer is None:
            raise Failure(Part.PLACE, f"There is no consumer {name} of the stream {settings.stream}.")
    elif consumer is None:
        is_lost = (settings.stream, name) in _read_before
        consumer = _made(link, settings, name, {"deliver_policy": "all"} if is_lost else _start(settings), context)
    elif _is_ours(consumer, context):
        consumer = _kept(link, settings, name, consumer)
    _check(consumer, settings, name)
    _read_before.add((settings.stream, name))
    return consumer


def seek(link: Link, settings: NatsBridgeSettings, wish: Seek, context: Context) -> None:
    """Make the consumer anew, so that it begins elsewhere: a server moves none that is there."""
    name = name_of(settings, context)
    consumer = found(link, settings.stream, name)
    if consumer is not None and not _is_ours(consumer, context):
        raise Failure(Part.RIGHT, f"The consumer {name} was made by somebody else, so it is not made anew here.")
    if not settings.create:
        raise Failure(Part.RIGHT, f"The settings say that the consumer {name} is not to be made here.")
    for _ in range(TRIES):
        link.ask(f"CONSUMER.DELETE.{settings.stream}.{name}")
        answer = _make(link, settings, name, _from(wish), context)
        if "error" not in answer:
            return
    raise Failure(Part.PLACE, _said(answer))


def _from(wish: Seek) -> dict[str, Any]:
    if wish.to is To.TIME and wish.at:
        return _at(wish.at)
    if wish.to is To.POSITION:
        if not (wish.position.isdecimal() and int(wish.position) > 0):
            raise Failure(Part.PLACE, f"{wish.position} is no sequence number.")
        return {"deliver_policy": "by_start_sequence", "opt_start_seq": int(wish.position)}
    return {"deliver_policy": "new" if wish.to is To.END else "all"}


def _start(settings: NatsBridgeSettings) -> dict[str, Any]:
    if settings.start == TIME:
        return _at(moment_of(settings.start_at))
    if settings.start == "sequence":
        return {"deliver_policy": "by_start_sequence", "opt_start_seq": settings.start_sequence}
    return {"deliver_policy": "all" if settings.start == BEGINNING else settings.start}


def _at(time: datetime) -> dict[str, Any]:
    return {"deliver_policy": "by_start_time", "opt_start_time": time.astimezone(UTC).isoformat()}


def _made(
    link: Link, settings: NatsBridgeSettings, name: str, start: dict[str, Any], context: Context
) -> dict[str, Any]:
    answer = _make(link, settings, name, start, context)
    if "error" in answer:  # another replica may have made it a moment ago, to begin elsewhere
        consumer = found(link, settings.stream, name)
        if consumer is None:
            raise Failure(Part.PLACE, _said(answer))
        return dict(consumer)
    return answer


def _make(
    link: Link, settings: NatsBridgeSettings, name: str, start: dict[str, Any], context: Context
) -> dict[str, Any]:
    config = {
        "durable_name": name,
        "description": _mark(context),
        "ack_policy": "explicit",
        "max_deliver": -1,  # for ever: what cannot be taken becomes a dead letter here
        "replay_policy": "instant",
        **_kept_as(settings),
        **start,
    }
    return _create(link, settings.stream, name, config)


def _kept(link: Link, settings: NatsBridgeSettings, name: str, consumer: Document) -> Document:
    """Change a consumer of ours as the settings say; where it began stays as it is."""
    config = dict(consumer["config"])
    wanted = _kept_as(settings)
    is_as_wanted = all(config.get(key) == value for key, value in wanted.items())
    has_more = {"filter_subject", "filter_subjects"} & set(config) - set(wanted)
    if is_as_wanted and not has_more:
        return consumer
    for key in has_more:
        del config[key]
    answer = _create(link, settings.stream, name, config | wanted)
    if "error" in answer:
        raise Failure(Part.PLACE, _said(answer))
    return answer


def _kept_as(settings: NatsBridgeSettings) -> dict[str, Any]:
    """Return what of a consumer may change."""
    wanted: dict[str, Any] = {
        "ack_wait": int(settings.ack_wait.total_seconds() * NS),
        "max_ack_pending": settings.max_ack_pending,
    }
    if len(settings.subjects) == 1:
        wanted["filter_subject"] = settings.subjects[0]
    elif settings.subjects:
        wanted["filter_subjects"] = list(settings.subjects)
    return wanted


def _create(link: Link, stream: str, name: str, config: Document) -> dict[str, Any]:
    return link.ask(f"CONSUMER.DURABLE.CREATE.{stream}.{name}", {"stream_name": stream, "config": dict(config)})


def _check(consumer: Document, settings: NatsBridgeSettings, name: str) -> None:
    """Refuse a consumer by which messages would be lost, or others come than are wanted."""
    config = consumer["config"]
    if config.get("deliver_subject"):
        raise Failure(Part.PLACE, f"The consumer {name} pushes messages: a bridge reads by one that is pulled from.")
    if config.get("ack_policy") != "explicit":
        raise Failure(Part.PLACE, f"The consumer {name} does not wait for each message to be confirmed (explicit).")
    if settings.create and len(settings.subjects) > 1 and not config.get("filter_subjects"):
        raise Failure(Part.PLACE, "The server is older than 2.10, and lets a consumer have one subject alone.")


def _is_ours(consumer: Document, context: Context) -> bool:
    return bool(consumer["config"].get("description") == _mark(context))


def _mark(context: Context) -> str:
    """Say in a consumer's description who has made it."""
    return f"Made by {context.group}"


def _said(answer: Document, otherwise: str = "") -> str:
    """Put an error of the server into a sentence."""
    error = answer["error"]
    if otherwise and error.get("code") == NOT_FOUND:
        return otherwise
    return f"The server said: {str(error.get('description', 'nothing'))[:200]}."
