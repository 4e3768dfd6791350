"""What is left of a session when nobody may be recognised by it."""

from typing import Any

from apps.sessions.models import Session

_DEVICE = ("type", "brand", "model", "resolution")  # not its name, which people give it


def columns_of(session: Session) -> dict[str, Any]:
    """Return the columns that may tell of somebody, without what does; addresses of pages may hold anything."""
    return {
        "client_id": "",
        "device_key": None,
        "entry_page": "",
        "exit_page": "",
        "referrer": "",
        "device": {name: session.device[name] for name in _DEVICE if name in session.device},
        "geo": {},
        "context": {},
        "properties": {},
    }
