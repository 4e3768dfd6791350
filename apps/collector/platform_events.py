"""What the platform says of consents that somebody recorded for a person; see consent_decisions.py."""

from typing import Final

from apps.events.platform_events import PlatformEvent, declare
from apps.profiles import consents

RECORDED: Final = declare(
    PlatformEvent(
        consents.RECORDED,
        "Consent Recorded",
        # The consents as in those of consent-update; `actor` is who recorded them.
        properties={
            consents.PROPERTY: {"marketing": "boolean", "newsletter": {"revoke": "datetime", "text_version": "number"}},
            "actor": "text",
        },
        tags=("event:operational",),
        group="data",
        evaluates_segments=True,
    )
)
