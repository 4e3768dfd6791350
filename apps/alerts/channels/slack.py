"""A room of Slack, or of what takes the same incoming webhooks: Mattermost, Rocket.Chat and others."""

import orjson

from apps.alerts.delivery import ChannelKind, Notice, post_json, register
from apps.alerts.models import Channel


def send(channel: Channel, notice: Notice) -> None:
    """Post a notice."""
    text = f"*{_plain(notice.title)}*\n{_plain(notice.message)}"
    if notice.link:
        text += f"\n<{notice.link}|Look at it>"
    post_json(channel, orjson.dumps({"text": text}), {"Idempotency-Key": notice.id})


def _plain(text: str) -> str:
    """Write what Slack would take for markup, as a mention of everybody, so that it is shown as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


register(
    "slack",
    ChannelKind(
        title="Slack",
        about="A room, by the address of an incoming webhook. Mattermost and Rocket.Chat take the same.",
        icon="forum",
        order=30,
        has_recipients=False,
        has_secret=False,
        send=send,
        address_hint="The address of an incoming webhook, as Slack shows it: https://hooks.slack.com/services/…",
    ),
)
