"""What roles may do with events, with what they mean, and with what could not be processed."""

from apps.core.roles import (
    ADMINISTRATOR,
    DATA_STEWARD,
    DEVELOPER,
    MARKETER,
    OPERATE,
    SEE_FIGURES,
    SEE_PEOPLE,
    actions,
    grant,
)

CHANGE = ("add", "change", "delete")

grant("events.view_event", "events.view_eventtype", "events.view_computedtrait", to=SEE_FIGURES)
grant("events.view_source", "events.view_redirect", "events.view_eventtypealias", to=SEE_PEOPLE)
grant("events.view_unplannedtype", "events.view_compliancerule", to=SEE_PEOPLE)
grant(*actions("events.source", *CHANGE), *actions("events.redirect", *CHANGE), to=OPERATE)
grant(*actions("events.eventtype", *CHANGE), *actions("events.eventtypealias", *CHANGE), to=OPERATE)
grant(*actions("events.computedtrait", *CHANGE), to=(ADMINISTRATOR, DEVELOPER, MARKETER))
grant(*actions("events.compliancerule", *CHANGE), to=(ADMINISTRATOR, DATA_STEWARD))
grant(*actions("events.identificationpoint"), to=OPERATE)
grant(*actions("events.refusedevent", "view", "change"), "events.view_refusalcount", to=OPERATE)
grant(*actions("events.quarantinedevent", "view", "change", "delete"), to=OPERATE)
grant(*actions("events.inboxitem", "view", "change"), to=OPERATE)
