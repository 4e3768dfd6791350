"""How senders are told what of their events is not kept for want of consents."""

from typing import Final

CONSENT_REQUIRED: Final = "consent_required"  # nothing is wrong with what was sent: it came too early


def problem(path: str, message: str) -> dict[str, str]:
    """Shape what is wrong with a decision; its path is that of the profile's consents."""
    return {"field": path, "message": message, "property": f"properties.{path}"}
