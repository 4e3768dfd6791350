"""What is kept of people, a module for each concept."""

from apps.profiles.models.ids import Alias, Identifier
from apps.profiles.models.profile import Profile, ProfileQuerySet

__all__ = ["Alias", "Identifier", "Profile", "ProfileQuerySet"]
