"""Kafka: a cluster of brokers, how it lets us in, and the registry that knows what its messages look like."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from apps.bridges import kafka_client, kafka_probe, tls
from apps.bridges.connection_kind import ConnectionKind, Failure, Part, Report, register
from apps.bridges.kafka_options import problems_of
from apps.bridges.safe_addresses import check_host, check_safe, check_server
from apps.bridges.schema_registry import Registry
from apps.core.typed_settings import Problem, choice, mapping, secret, text, texts

SIGN_IN: Final = {
    "none": "Nothing, or our certificate",
    "plain": "User and password (SASL PLAIN)",
    "scram_sha_256": "User and password (SASL SCRAM-SHA-256)",
    "scram_sha_512": "User and password (SASL SCRAM-SHA-512)",
    "oauthbearer": "A token of an OAuth 2 server (SASL OAUTHBEARER)",
}
BY_PASSWORD: Final = ("plain", "scram_sha_256", "scram_sha_512")


def _check_servers(servers: tuple[str, ...]) -> None:
    if not servers:
        raise ValueError("Name at least one server.")
    for said in servers:
        host, _ = kafka_probe.server_of(said)
        check_host(host)


def _check_options(options: dict[str, str]) -> None:
    problems = [f"{name}: {told}" if name else told for name, told in problems_of(options)]
    if problems:
        raise ValueError(" ".join(problems))


@dataclass(frozen=True, kw_only=True)
class KafkaSettings:
    """Where the brokers are, and who we are there."""

    servers: tuple[str, ...] = texts(
        "Bootstrap servers", help="One or more, as kafka-1.example.com:9092.", check=_check_servers, max_items=20
    )
    security: str = tls.security_field()
    ca: str = tls.ca_field()
    certificate: str = tls.certificate_field()
    certificate_key: str = tls.certificate_key_field()
    sign_in: str = choice("It lets us in by", SIGN_IN, default="none")
    user: str = text("User", when=("sign_in", *BY_PASSWORD))
    password: str = secret("Password", when=("sign_in", *BY_PASSWORD))
    token_url: str = text(
        "Token endpoint",
        help="Of the OAuth 2 server: https://login.example.com/oauth2/token.",
        max_length=2_000,
        when=("sign_in", "oauthbearer"),
        check=check_safe,
    )
    client_id: str = text("Client id", when=("sign_in", "oauthbearer"))
    client_secret: str = secret("Client secret", when=("sign_in", "oauthbearer"))
    scope: str = text("Scope", help="Empty: what the server gives.", default="", when=("sign_in", "oauthbearer"))
    registry_url: str = text(
        "Schema registry",
        help="Where it is, if messages are Avro: https://registry.example.com.",
        default="",
        max_length=2_000,
    )
    registry_user: str = text("User of the registry", default="")
    registry_password: str = secret("Password of the registry", default="")
    options: dict[str, str] = mapping(
        "Options of librdkafka",
        help="By its own names, for who needs them: session.timeout.ms, partition.assignment.strategy.",
        default={},
        check=_check_options,
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse what would go unencrypted to somebody else's network, and halves of pairs."""
        yield from tls.problems_of(self, *(host for host, _ in kafka_probe.servers_of(self)))
        if self.registry_url:
            try:
                check_server(self.registry_url)
            except ValueError as error:
                yield Problem("registry_url", str(error))
        elif self.registry_user or self.registry_password:
            yield Problem("registry_url", "A user and a password need a registry.")

    @property
    def is_encrypted(self) -> bool:
        """Whether it is reached by TLS."""
        return self.security == "tls"


def leads_to(settings: KafkaSettings) -> str:
    """Say which cluster it is."""
    more = len(settings.servers) - 1
    return f"{settings.servers[0]}{f' and {more} more' if more else ''}"


def test(settings: KafkaSettings) -> Report:
    """Sign in, ask which brokers and topics there are, and whether the registry answers."""
    report = Report()
    host, port = kafka_probe.servers_of(settings)[0]
    try:
        host, port = kafka_probe.probed(settings)
        client = kafka_client.connected(settings, {"group.id": "cdp-test", "enable.auto.commit": False})
    except Failure as failure:
        report.stopped(failure, host, port, has_tls=settings.is_encrypted)
        return report
    kafka_client.closed(client.consumer)
    report.reached(host, port, has_tls=settings.is_encrypted)
    if settings.sign_in != "none":
        report.well(Part.SIGN_IN, "The brokers let us in.")
    if settings.registry_url:
        _try_registry(report, settings)
    return report


def _try_registry(report: Report, settings: KafkaSettings) -> None:
    try:
        Registry(settings).check()
    except Failure as failure:
        report.failed(failure.part, failure.told)
        return
    report.well(Part.SIGN_IN, "The schema registry answers.")


register(
    "kafka",
    ConnectionKind(
        title="Kafka",
        about="A cluster of Apache Kafka, or of what speaks its protocol: Redpanda, Confluent, Amazon MSK, Event Hubs.",
        icon="account_tree",
        order=60,
        settings=KafkaSettings,
        leads_to=leads_to,
        test=test,
    ),
)
