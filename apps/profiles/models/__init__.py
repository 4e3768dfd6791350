"""What is kept of people, a module for each concept."""

from apps.profiles.models.consent import ConsentDecision, ConsentText, ConsentType
from apps.profiles.models.ids import Alias, Identifier
from apps.profiles.models.profile import Profile, ProfileQuerySet

__all__ = [
    "Alias",
    "ConsentDecision",
    "ConsentText",
    "ConsentType",
    "Identifier",
    "Profile",
    "ProfileQuerySet",
]
