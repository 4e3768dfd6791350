"""The strategies that come with the platform."""

from apps.heartbeats.strategies import inactive_profile, inactive_session, session_not_closed  # noqa: F401 - they register
