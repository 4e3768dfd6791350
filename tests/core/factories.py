"""Valid minimal rows of `core`."""

import factory
from factory.django import DjangoModelFactory

from apps.core.models import ApiKey, Task
from tests.factories import NOON


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A key that is good for nothing, and that nobody holds; `keys.issue` makes real ones."""

    class Meta:
        model = ApiKey

    name = "CRM"
    prefix = factory.Sequence(lambda number: f"prefix-{number}")
    created_by = "anna"
    created_at = NOON


class TaskFactory(DjangoModelFactory[Task]):
    """A task of no known kind that waits."""

    class Meta:
        model = Task

    kind = "x"
    requested_by = "anna"
    created_at = advanced_at = NOON
