"""Parts that several pages of people show."""

from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.safestring import SafeString

from apps.core.admin.shown import link, tree
from apps.core.ids import as_uuid
from apps.profiles.models import Profile
from apps.profiles.schema import Kind, find


def value_of(path: str, value: Any) -> SafeString:
    """Show what a field holds; days and times as people write them."""
    field = find(path)
    if field and isinstance(value, str):
        if field.kind is Kind.DATE:
            return tree(formats.date_format(datetime.fromisoformat(value), "j M Y"))
        if field.kind is Kind.DATETIME:
            return tree(formats.date_format(timezone.localtime(datetime.fromisoformat(value)), "j M Y, H:i"))
    return tree(value)


def set_by(profile: Profile, path: str) -> SafeString | str:
    """Say who set a field, and on which day: a link to an event, or the person or key."""
    at, setter, *_ = profile.provenance.get(path, ("", ""))
    day = formats.date_format(datetime.fromisoformat(at), "j M Y") if at else ""
    return link("events_event", setter, day) if as_uuid(setter) else f"{setter} {day}".strip()
