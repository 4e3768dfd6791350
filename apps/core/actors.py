"""Who acts, by name: ledgers and provenance keep `user:<id>`, `key:<prefix>` and such, which say nothing to people."""

from collections.abc import Callable, Iterable
from typing import Final

from django.contrib.auth.models import User

from apps.core.models import ApiKey
from apps.core.registry import Registry

# From keys of actors of a kind, which they begin with, to the names of those that there still are: {key: name}.
namers: Final[Registry[Callable[[Iterable[str]], dict[str, str]]]] = Registry("kind of actor", module="actors")


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Return {key of an actor: name} of those that there still are."""
    by_kind: dict[str, set[str]] = {}
    for key in keys:
        by_kind.setdefault(key.partition(":")[0], set()).add(key)
    found: dict[str, str] = {}
    for kind, of_kind in by_kind.items():
        namer = namers.get(kind)
        if namer:
            found |= namer(of_kind)
    return found


def _users(keys: Iterable[str]) -> dict[str, str]:
    ids = {int(id) for key in keys if (id := key.partition(":")[2]).isdecimal()}
    return {f"user:{row.pk}": row.username for row in User.objects.filter(pk__in=ids)} if ids else {}


def _programs(keys: Iterable[str]) -> dict[str, str]:
    prefixes = {key.partition(":")[2] for key in keys}
    return {f"key:{row.prefix}": row.name for row in ApiKey.objects.filter(prefix__in=prefixes)}


namers.register("user", _users)
namers.register("key", _programs)
