"""People, and all the ids under which they are known."""

from apps.profiles.models.identifier import Alias, Identifier
from apps.profiles.models.profile import Profile, ProfileQuerySet

__all__ = ["Alias", "Identifier", "Profile", "ProfileQuerySet"]
