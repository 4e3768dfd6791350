"""What roles may do with flows. To publish is a permission of its own, which marketers have: it is their work.

Whoever wants four eyes makes a role without `publish_flow` for those who draw, beside the ones that there are.
"""

from apps.core.roles import ADMINISTRATOR, DEVELOPER, MARKETER, SEE_FIGURES, actions, grant

_MAKE = (ADMINISTRATOR, DEVELOPER, MARKETER)
for _rule in ("flows.flow", "flows.frequencycap", "flows.quiethours"):
    grant(*actions(_rule, "view"), to=SEE_FIGURES)
    grant(*actions(_rule, "add", "change", "delete"), to=_MAKE)
grant("flows.view_run", to=SEE_FIGURES)
grant("flows.publish_flow", "flows.start_flow", "flows.change_run", to=_MAKE)
