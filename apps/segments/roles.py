"""What roles may do with segments, and with the runs that re-evaluate them."""

from apps.core.roles import ADMINISTRATOR, DATA_STEWARD, DEVELOPER, MARKETER, OPERATE, SEE_FIGURES, actions, grant

grant("segments.view_segment", to=SEE_FIGURES)
grant(*actions("segments.segment", "add", "change", "delete"), to=(ADMINISTRATOR, DEVELOPER, MARKETER))
grant("segments.export_members", to=(ADMINISTRATOR, DATA_STEWARD, MARKETER))
grant(*actions("segments.reevaluation", "view", "change"), to=OPERATE)
