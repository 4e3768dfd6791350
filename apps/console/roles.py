"""What roles may do with users, roles and queues: the apps that own these are not ours."""

from apps.core.roles import ADMINISTRATOR, OPERATE, actions, grant

grant(*actions("auth.user"), *actions("auth.group"), to=[ADMINISTRATOR])
grant("django_rq.admin", to=OPERATE)
