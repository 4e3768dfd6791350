"""What is kept of people, a module for each concept."""

from apps.profiles.models.change import ProfileChange
from apps.profiles.models.consent import ConsentDecision, ConsentText, ConsentType
from apps.profiles.models.ids import Alias, BlockedIdentifier, Identifier
from apps.profiles.models.merge import IdentityConflict, Merge, MergeRule, Reason
from apps.profiles.models.profile import Profile, ProfileQuerySet, summary_of

__all__ = [
    "Alias",
    "BlockedIdentifier",
    "ConsentDecision",
    "ConsentText",
    "ConsentType",
    "Identifier",
    "IdentityConflict",
    "Merge",
    "MergeRule",
    "Profile",
    "ProfileChange",
    "ProfileQuerySet",
    "Reason",
    "summary_of",
]
