"""Parts that several pages of people show."""

from django.utils.safestring import SafeString

from apps.core.admin.shown import link
from apps.core.ids import as_uuid
from apps.profiles.models import Profile


def set_by(profile: Profile, path: str) -> SafeString | str:
    """Say who set a field, and on which day: a link to an event, or the person or key."""
    at, setter, *_ = profile.provenance.get(path, ("", ""))
    return link("events_event", setter, at[:10]) if as_uuid(setter) else f"{setter} {at[:10]}".strip()
