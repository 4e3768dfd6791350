"""Django's `migrate`, one at a time: two at once, as of two machines that start, would make the same tables."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand

from apps.core import locks, squashed


class Command(DjangoCommand):
    """Wait for whoever migrates this database now, and do what is left."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate under a lock. Raises OldMigrations."""
        with locks.alone("migrate"):
            squashed.refuse_old()
            super().handle(*args, **options)
