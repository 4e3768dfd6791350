"""The kinds of channels that come along."""

from apps.alerts.channels import mailbox, signed_webhook, slack

__all__ = ["mailbox", "signed_webhook", "slack"]
