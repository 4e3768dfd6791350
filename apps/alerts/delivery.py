"""Kinds of channels, each a file of `channels/`: what one has to know, and how it sends a notice, once."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from apps.alerts.models import Channel
from apps.core import egress
from apps.core.egress import EgressError
from apps.core.encryption import Unreadable
from apps.core.registry import Registry

logger = logging.getLogger(__name__)
FAILED: Final = "It failed for a reason of its own, which the log has."


class DeliveryError(Exception):
    """A notice could not be sent; the message is for whoever set the channel up, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told: the same at each try, so that a receiver knows it again by its id."""

    id: str
    type: str  # alert.opened, alert.reminder, alert.recovered, alert.test
    title: str
    message: str
    link: str  # to the page of the alert; empty where nobody has said under which address we are reached
    data: dict[str, Any] = field(default_factory=dict)  # for programs

    @property
    def text(self) -> str:
        """Message and link, for people."""
        return "\n\n".join(filter(None, (self.message, self.link)))


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """A kind of channel: in the words of operators, and as a function that sends.

    `send(channel, notice)` raises DeliveryError when it was not taken, after some seconds at most.
    """

    title: str
    about: str
    icon: str  # of Material Symbols
    order: int  # among those to choose from
    has_recipients: bool  # otherwise it has an address of the web
    has_secret: bool  # which we make, and what is sent is signed with it
    send: Callable[[Channel, Notice], None]
    address_hint: str = ""
    lacks: Callable[[], str] = str  # what has to be set up before it can send; empty where nothing has


channel_kinds: Final[Registry[ChannelKind]] = Registry("kind of channel", module="channels")


def register(name: str, kind: ChannelKind) -> None:
    """Make a kind of channel known. Raises ImproperlyConfigured for a second one of the name."""
    channel_kinds.register(name, kind, stacklevel=2)


def send(channel: Channel, notice: Notice) -> None:
    """Send a notice by a channel. Raises DeliveryError when it was not taken."""
    if channel.kind not in channel_kinds:
        raise DeliveryError(f"This version of the platform knows no channel of the kind {channel.kind}.")
    try:
        channel_kinds[channel.kind].send(channel, notice)
    except DeliveryError:
        raise
    except Unreadable as error:
        raise DeliveryError(str(error)) from None
    except Exception:
        logger.exception("A notice could not be sent", extra={"channel": str(channel.pk)})
        raise DeliveryError(FAILED) from None


def post_json(channel: Channel, body: bytes, headers: dict[str, str]) -> None:
    """Send JSON to the address of a channel. Raises DeliveryError for any answer but one of success."""
    try:
        answer = egress.send(channel.address, body=body, headers={"Content-Type": "application/json", **headers})
    except EgressError as error:
        raise DeliveryError(str(error)) from None
    if 300 <= answer.status < 400:
        raise DeliveryError(
            f"The answer was {answer.status}, which leads elsewhere: enter the address that it leads to."
        )
    if not 200 <= answer.status < 300:
        raise DeliveryError(f"The answer was {answer.status}.")
