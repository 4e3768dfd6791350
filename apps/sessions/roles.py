"""What roles may do with sessions."""

from apps.core.roles import SEE_FIGURES, grant

grant("cdp_sessions.view_session", to=SEE_FIGURES)
