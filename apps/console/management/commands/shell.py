"""Django's shell, which looks at what apps declare as every process does."""

from django.core.checks import Tags
from django.core.management.commands.shell import Command as Shell


class Command(Shell):
    """Start a shell, unless something of the admin's pages is wrong."""

    requires_system_checks = [Tags.admin]
