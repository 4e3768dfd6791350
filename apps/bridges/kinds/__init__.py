"""The kinds of connections that come along."""

from apps.bridges.kinds import (
    discord_room,
    http,
    imap,
    kafka,
    matrix_room,
    mqtt,
    mysql,
    nats,
    postgresql,
    rabbitmq,
    redis,
    s3_bucket,
    slack_room,
    smtp,
    telegram_chat,
    webhook_receiver,
)

__all__ = [
    "discord_room",
    "http",
    "imap",
    "kafka",
    "matrix_room",
    "mqtt",
    "mysql",
    "nats",
    "postgresql",
    "rabbitmq",
    "redis",
    "s3_bucket",
    "slack_room",
    "smtp",
    "telegram_chat",
    "webhook_receiver",
]
