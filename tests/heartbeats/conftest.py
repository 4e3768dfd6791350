"""Who looks at heartbeats, and of whom they speak."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from apps.core import roles
from tests.heartbeats.beating import ago
from tests.shop import Shop


@pytest.fixture
def signed_in(client: Client) -> Callable[..., Client]:
    """Sign somebody in who has a role, and other permissions."""
    roles.load()

    def sign_in(role: str = "", *permissions: str) -> Client:
        user = User.objects.create(username=role or "somebody", is_staff=True)
        user.groups.add(*Group.objects.filter(name=role))
        user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def silent(shop: Shop, alone: None) -> Shop:
    """Two people of whom nothing was heard for three days."""
    shop.now = ago(days=3)
    shop.track("page-view", session="anna")
    shop.track("page-view", session="bo")
    return shop
