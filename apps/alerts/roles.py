"""What roles may do with alerts, and with the channels by which they are told."""

from apps.core.roles import OPERATE, actions, grant

grant(*actions("alerts.alert"), *actions("alerts.channel"), to=OPERATE)
