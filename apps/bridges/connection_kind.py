"""Kinds of connections, each a file of `kinds/`: what one has to know of a system, and whether it lets us in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from django.db.models import TextChoices

from apps.bridges.transport import Transport
from apps.core.egress import EgressError, Forbidden, NoTls, UnknownHost
from apps.core.registry import Registry


class Part(TextChoices):
    """What has to go well, one after the other, until something can be sent."""

    NAME = "name", "Name"
    NETWORK = "network", "Network"
    TLS = "tls", "TLS"
    SIGN_IN = "sign_in", "Sign-in"
    RIGHT = "right", "Right"
    PLACE = "place", "Topic, queue or folder"  # of bridges


class State(StrEnum):
    """How a part of a test went."""

    WELL = "well"
    DOUBT = "doubt"  # it cannot be told, or is not as it should be, and something may be sent all the same
    FAILED = "failed"


WORDS: Final = {State.WELL: "well", State.DOUBT: "look at it", State.FAILED: "failed"}


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part of a test went, in a sentence without any secret."""

    part: Part
    state: State
    told: str


class Failure(Exception):
    """We do not come through: the message says what failed in a sentence without secrets, `part` says where.

    It is tried again after a rest: a password is changed, a topic comes back.
    """

    def __init__(self, part: Part, told: str) -> None:
        super().__init__(told)
        self.part = part
        self.told = told


def failure_of(error: EgressError) -> Failure:
    """Say at which part a connection ended that did not come about."""
    if isinstance(error, Forbidden | UnknownHost):
        return Failure(Part.NAME, str(error))
    return Failure(Part.TLS if isinstance(error, NoTls) else Part.NETWORK, str(error))


@dataclass(frozen=True, slots=True)
class Report:
    """What a test found, in the order in which it went; what comes after a failure was not tried."""

    findings: list[Finding] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether something can be sent, as far as a test can tell."""
        return not any(finding.state is State.FAILED for finding in self.findings)

    def well(self, part: Part, told: str) -> None:
        """Note what went well."""
        self.findings.append(Finding(part, State.WELL, told))

    def doubt(self, part: Part, told: str) -> None:
        """Note what somebody should look at."""
        self.findings.append(Finding(part, State.DOUBT, told))

    def failed(self, part: Part, told: str) -> None:
        """Note what failed."""
        self.findings.append(Finding(part, State.FAILED, told))

    def reached(self, host: str, port: int, *, has_tls: bool) -> None:
        """Note that a host was reached."""
        self.well(Part.NAME, f"{host} is known, and may be asked.")
        self.well(Part.NETWORK, f"{host} answers at port {port}.")
        if has_tls:
            self.well(Part.TLS, f"The connection is encrypted, and the certificate of {host} is to be trusted.")
        else:
            self.doubt(Part.TLS, "Nothing is encrypted: whoever is on the way can read it.")

    def unreached(self, error: EgressError, host: str, port: int) -> None:
        """Note how far one came that was not."""
        self.stopped(failure_of(error), host, port, has_tls=True)

    def stopped(self, failure: Failure, host: str, port: int, *, has_tls: bool) -> None:
        """Note where it ended, and what went well until there."""
        before = Report()
        before.reached(host, port, has_tls=has_tls)
        before.well(Part.SIGN_IN, f"{host} lets us in.")
        parts = list(Part)
        self.findings.extend(it for it in before.findings if parts.index(it.part) < parts.index(failure.part))
        self.failed(failure.part, failure.told)


@dataclass(frozen=True, slots=True)
class ConnectionKind:
    """A kind of connection: in the words of operators, as settings, and as functions of them.

    `leads_to(settings)` says in short where it goes; `test(settings)` tries it now, without any effect there, takes
    some seconds at most, and raises nothing that is the fault of others. `transport(settings, at_once)` opens the way
    by which deliveries travel; a kind without one is only read from, by bridges.
    """

    title: str
    about: str
    icon: str  # of Material Symbols
    order: int  # among those to choose from
    settings: type[Any]  # as core/typed_settings has them
    leads_to: Callable[[Any], str]
    test: Callable[[Any], Report]
    transport: Callable[[Any, int], Transport] | None = None

    @property
    def sends(self) -> bool:
        """Whether anything is sent by it; else bridges read by it, and nobody else."""
        return self.transport is not None


TEST_SECS: Final = 15.0  # a test takes no longer at each step: somebody waits for it
kinds: Final[Registry[ConnectionKind]] = Registry("kind of connection", module="kinds")


def register(name: str, kind: ConnectionKind) -> None:
    """Make a kind known. Raises ImproperlyConfigured for a second one of the name."""
    kinds.register(name, kind, stacklevel=2)
