"""What roles may do with people, their consents, and who is one."""

from apps.core.roles import ADMINISTRATOR, DATA_STEWARD, OPERATE, SEE_FIGURES, SEE_PEOPLE, actions, grant

ANSWER_FOR_DATA = (ADMINISTRATOR, DATA_STEWARD)

grant("profiles.view_profile", to=SEE_FIGURES)
grant("profiles.view_pii", to=SEE_PEOPLE)
grant("profiles.change_profile", "profiles.export_profile", "profiles.erase_profile", to=ANSWER_FOR_DATA)
grant("profiles.view_consenttype", "profiles.view_consentdecision", to=SEE_PEOPLE)
grant(*actions("profiles.consenttype", "add", "change"), "profiles.add_consentdecision", to=ANSWER_FOR_DATA)
grant("profiles.view_privacyrequest", *actions("profiles.erasedid", "view", "delete"), to=ANSWER_FOR_DATA)
grant("profiles.view_merge", "profiles.view_identityconflict", to=SEE_PEOPLE)
grant("profiles.merge_profile", *actions("profiles.blockedidentifier"), *actions("profiles.mergerule"), to=OPERATE)
