"""What roles may do with heartbeats."""

from apps.core.roles import ADMINISTRATOR, DEVELOPER, MARKETER, SEE_FIGURES, actions, grant

grant(*actions("heartbeats.heartbeat", "view"), to=SEE_FIGURES)
grant(*actions("heartbeats.heartbeat", "add", "change", "delete"), to=(ADMINISTRATOR, DEVELOPER, MARKETER))
grant("heartbeats.view_heartbeatrun", to=SEE_FIGURES)
