"""The kinds of bridges that come along."""

from apps.inbound.bridge_kinds import folder, imap, kafka, mqtt, mysql, nats, postgresql, rabbitmq, redis, s3_files

__all__ = ["folder", "imap", "kafka", "mqtt", "mysql", "nats", "postgresql", "rabbitmq", "redis", "s3_files"]
