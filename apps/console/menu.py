"""Queues, users and roles in the admin's menu: the apps that own these are not ours."""

from django.contrib.auth.models import Group, User
from django_rq.models import Dashboard

from apps.core.menu import OPERATIONS, entry

entry(Dashboard, OPERATIONS, 540, icon="stacks", title="Queues", needs="django_rq.admin")
entry(User, OPERATIONS, 560, icon="person")
entry(Group, OPERATIONS, 570, icon="badge", title="Roles")
