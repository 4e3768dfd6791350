"""A queue of RabbitMQ: which one it is, how it is made, and what it means when the broker refuses it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from apps.bridges.amqp_session import Channel, Refused
from apps.bridges.connection_kind import Part
from apps.core.typed_settings import choice, items, mapping, number, text, yes_no
from apps.inbound.received import Failure

DECLARES: Final = {
    "no": "It is there already",
    "classic": "Made if it is missing: a classic queue",
    "quorum": "Made if it is missing: a quorum queue",
}
NAME_BYTES: Final = 255
# What a broker says by numbers: AMQP 0-9-1, 1.8.
NOT_FOUND: Final = 404
PRECONDITION_FAILED: Final = 406


def check_name(name: str) -> None:
    """Refuse what AMQP has no room for. Raises ValueError."""
    if len(name.encode()) > NAME_BYTES:
        raise ValueError(f"At most {NAME_BYTES} bytes.")


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What brings messages of an exchange into the queue."""

    exchange: str = text("Exchange", check=check_name)
    routing_key: str = text("Routing key", help="Of a topic exchange such as orders.*.", default="", check=check_name)


@dataclass(frozen=True, kw_only=True)
class QueueSettings:
    """Which queue is read, and how it is made."""

    queue: str = text("Queue", check=check_name)
    declare: str = choice("The queue", DECLARES, default="no")
    is_durable: bool = yes_no("It outlives a restart of the broker", default=True, when=("declare", "classic"))
    dead_letter_exchange: str = text(
        "Dead-letter exchange",
        help="Where the broker puts what it gives up: what expires, or was delivered too often.",
        default="",
        when=("declare", "classic", "quorum"),
        check=check_name,
    )
    delivery_limit: int | None = number(
        "Delivery limit",
        help="After so many deliveries the broker gives a message up. Empty: as the broker has it.",
        least=1,
        most=1_000_000,
        default=None,
        when=("declare", "quorum"),
    )
    arguments: dict[str, str] = mapping(
        "More arguments",
        help="Such as x-max-length: 100000.",
        default={},
        when=("declare", "classic", "quorum"),
    )
    bindings: tuple[Binding, ...] = items(
        "Bindings",
        Binding,
        help='What brings messages into it: [{"exchange": "shop", "routing_key": "orders.*"}]. []: what is there.',
        most=50,
        default=(),
    )
    prefetch: int = number(
        "Prefetch",
        help="So many messages each process has in hand, which the broker gives nobody else.",
        least=1,
        most=10_000,
        default=1_000,
    )
    trusts_ids: bool = yes_no(
        "message_id names a message",
        help="What has the message_id and app_id of an earlier message is that message, and passed over.",
        default=True,
    )


@contextmanager
def told(settings: QueueSettings) -> Iterator[None]:
    """Say in a sentence what a broker refuses."""
    try:
        yield
    except Refused as refused:
        raise failure(refused, settings) from None


def prepare(channel: Channel, settings: QueueSettings) -> None:
    """Make what is to be made, and see that the queue is there."""
    if settings.declare != "no":
        declare(channel, settings)
    for binding in settings.bindings:
        channel.ask("queue_bind", queue=settings.queue, exchange=binding.exchange, routing_key=binding.routing_key)
    n_ready(channel, settings)


def declare(channel: Channel, settings: QueueSettings) -> None:
    """Make the queue, or see that it is as it would be made."""
    arguments: dict[str, Any] = {"x-queue-type": settings.declare}
    if settings.dead_letter_exchange:
        arguments["x-dead-letter-exchange"] = settings.dead_letter_exchange
    if settings.delivery_limit:
        arguments["x-delivery-limit"] = settings.delivery_limit
    arguments |= {name: _value(said) for name, said in settings.arguments.items()}
    is_durable = settings.declare == "quorum" or settings.is_durable
    channel.ask("queue_declare", queue=settings.queue, durable=is_durable, arguments=arguments)


def _value(said: str) -> Any:
    """Read a number or true and false as such: brokers do not take them as texts."""
    try:
        value = json.loads(said)
    except ValueError:
        return said
    return value if isinstance(value, bool | int) else said


def n_ready(channel: Channel, settings: QueueSettings) -> int:
    """Count what waits in the queue; what this channel said before has been heard then."""
    return int(channel.ask("queue_declare", queue=settings.queue, passive=True).message_count)


def failure(refused: Refused, settings: QueueSettings) -> Failure:
    """Say what a refusal means."""
    queue = f"queue {settings.queue}"
    match refused.code:
        case 404 if "exchange" in refused.told:
            return Failure(Part.PLACE, f"There is no such exchange to bind the {queue} to: {refused.told}")
        case 404:
            return Failure(Part.PLACE, f"There is no {queue} in this virtual host.")
        case 403 if "exclusive" in refused.told:
            return Failure(Part.PLACE, f"Somebody else reads the {queue} alone.")
        case 403:
            return Failure(Part.RIGHT, f"We may not do that with the {queue}: {refused.told}")
        case 405:
            return Failure(Part.PLACE, f"The {queue} belongs to another connection alone.")
        case 406 if "inequivalent" in refused.told:
            return Failure(Part.PLACE, f"The {queue} is there, and was made otherwise: {refused.told}")
    return Failure(Part.PLACE, f"The broker refuses the {queue}: {refused.code} {refused.told}")


def no_queue(settings: QueueSettings) -> Failure:
    """Say that it is no queue: whoever reads it without an offset begins with what comes next."""
    return Failure(Part.PLACE, f"{settings.queue} is a stream: a bridge reads classic and quorum queues.")
