"""Writes docs/event-types.md: python -m apps.events.event_types.default_types > docs/event-types.md"""

import os
import sys

import django


def main() -> None:
    """Print the document; it is made of what apps declare, too, so that they have to be ready."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
    django.setup()
    from apps.events.event_types.default_types.document import as_markdown

    sys.stdout.write(as_markdown())


main()
