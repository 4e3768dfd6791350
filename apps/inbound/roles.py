"""What roles may do with bridges."""

from apps.core.roles import OPERATE, SEE_FIGURES, SEE_PEOPLE, actions, grant

grant(*actions("inbound.bridge", "view"), to=SEE_FIGURES)
grant(*actions("inbound.bridge", "add", "change", "delete"), to=OPERATE)
# Messages say much of people.
grant(*actions("inbound.bridgedeadletter", "view"), to=SEE_PEOPLE)
grant(*actions("inbound.bridgedeadletter", "change", "delete"), to=OPERATE)
