"""What is kept of people, a module for each concept."""

from apps.profiles.models.ids import Alias, Identifier
from apps.profiles.models.profile import Profile, ProfileQuerySet
from apps.profiles.models.score import ScoreScale

__all__ = ["Alias", "Identifier", "Profile", "ProfileQuerySet", "ScoreScale"]
