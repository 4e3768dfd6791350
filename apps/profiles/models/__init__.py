"""What is kept of people, a module for each concept."""

from apps.profiles.models.change import ProfileChange
from apps.profiles.models.consent import ConsentDecision, ConsentText, ConsentType
from apps.profiles.models.dirty import Dirty
from apps.profiles.models.identifiers import Alias, BlockedIdentifier, Identifier
from apps.profiles.models.merge import IdentityConflict, Merge, MergeRule, Reason
from apps.profiles.models.privacy import ErasedId, PrivacyRequest
from apps.profiles.models.profile import NO_EVENTS, Profile, ProfileQuerySet, summary_of
from apps.profiles.models.score import ScoreScale

__all__ = [
    "NO_EVENTS",
    "Alias",
    "BlockedIdentifier",
    "ConsentDecision",
    "ConsentText",
    "ConsentType",
    "Dirty",
    "ErasedId",
    "Identifier",
    "IdentityConflict",
    "Merge",
    "MergeRule",
    "PrivacyRequest",
    "Profile",
    "ProfileChange",
    "ProfileQuerySet",
    "Reason",
    "ScoreScale",
    "summary_of",
]
