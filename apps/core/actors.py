"""Who acts, by name: ledgers and provenance keep `user:<id>` and `key:<prefix>`, which say nothing to people."""

from collections.abc import Iterable

from django.contrib.auth.models import User

from apps.core.models import ApiKey


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Return {key of an actor: name} of those that there still are."""
    parts = [key.partition(":") for key in keys]
    users = {int(id) for kind, _, id in parts if kind == "user" and id.isdecimal()}
    programs = {id for kind, _, id in parts if kind == "key"}
    found: dict[str, str] = {}
    if users:
        found |= {f"user:{row.pk}": row.username for row in User.objects.filter(pk__in=users)}
    if programs:
        found |= {f"key:{row.prefix}": row.name for row in ApiKey.objects.filter(prefix__in=programs)}
    return found
