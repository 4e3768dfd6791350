"""Users and roles, whose pages are those of `console`."""

import factory
from django.contrib.auth.models import Group, User
from factory.django import DjangoModelFactory


class UserFactory(DjangoModelFactory[User]):
    """Somebody who may not sign in to the admin."""

    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"user-{number}")


class GroupFactory(DjangoModelFactory[Group]):
    """A role that may do nothing."""

    class Meta:
        model = Group

    name = factory.Sequence(lambda number: f"Group {number}")
