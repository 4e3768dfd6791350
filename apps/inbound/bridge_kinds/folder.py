"""Files in a folder of this machine, each read once."""

import os
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings as django_settings

from apps.bridges.connection_kind import Part, Report
from apps.inbound.bridge_kind import register
from apps.inbound.files.file import Store
from apps.inbound.files.folder import NONE_ALLOWED, Folder, FolderSettings
from apps.inbound.files.kind import Words, bridge_kind
from apps.inbound.files.settings import LEAVE
from apps.inbound.received import Failure

MOST_PLACES: Final = 500


def reads(settings: FolderSettings) -> str:
    """Say in short what is read."""
    return f"files {settings.folder.rstrip('/')}/{settings.pattern}"


def places(_connection: Any) -> Sequence[str]:
    """List the folders that may be read."""
    if not django_settings.INBOUND_FOLDERS:
        raise Failure(Part.RIGHT, NONE_ALLOWED)
    found: list[str] = []
    for root in django_settings.INBOUND_FOLDERS:
        for folder, folders, _ in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found.append(folder)
            if len(found) >= MOST_PLACES:
                return found
    return found


def look(store: Store, settings: FolderSettings, report: Report) -> None:
    """Look whether files may be moved, or deleted."""
    assert isinstance(store, Folder)
    if settings.afterwards != LEAVE and not os.access(store.root, os.W_OK | os.X_OK):
        report.failed(Part.RIGHT, f"Files cannot be moved or deleted: we may not write to {settings.folder}.")


register(
    "folder",
    bridge_kind(
        lambda _connection, settings: Folder(settings),
        FolderSettings,
        reads=reads,
        places=places,
        look=look,
        words=Words("Files in a folder", icon="folder", order=80),
    ),
)
