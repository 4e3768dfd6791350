"""Encrypt all secrets with the newest key, so that older ones can be taken away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import rotating


class Command(BaseCommand):
    """Renew all encrypted columns."""

    help = "Encrypts all secrets anew with the first of ENCRYPTION_KEYS; may be run at any time, and again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell of each column. Fails where a row cannot be read by any key."""
        lost = []
        for done in rotating.rotate():
            self.stdout.write(f"{done.column}: {done.n_renewed:,} of {done.n_texts:,} encrypted anew.")
            lost += [f"{done.column} of the row {key}" for key in done.unreadable]
        if lost:
            raise CommandError(f"No key of ENCRYPTION_KEYS opens {', '.join(lost)}. Enter these secrets anew.")
        self.stdout.write("All secrets are encrypted with the newest key: older ones can be taken away.")
