"""Roles, as groups: each app says in a module `roles` what they may do with what it owns. No role, no pages."""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Final, NamedTuple

from django.apps import apps as django_apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from apps.core.registry import Registry, caller_place

ADMINISTRATOR, DATA_STEWARD, DEVELOPER = "Administrator", "Data steward", "Developer"
MARKETER, ANALYST = "Marketer", "Analyst"
SEE_PEOPLE: Final = (ADMINISTRATOR, DATA_STEWARD, DEVELOPER, MARKETER)
SEE_FIGURES: Final = (*SEE_PEOPLE, ANALYST)
OPERATE: Final = (ADMINISTRATOR, DEVELOPER)


class Grant(NamedTuple):
    """A role, and what it may: `app.codename`, as `has_perm` takes it."""

    role: str
    permission: str


grants: Final[Registry[Grant]] = Registry("permission", module="roles")


def grant(*permissions: str, to: Iterable[str]) -> None:
    """Let roles have permissions; a role that nobody has named before is a new one.

    Raises ImproperlyConfigured for a text: each of its letters would be a role.
    """
    if isinstance(to, str):
        raise ImproperlyConfigured(f"{caller_place()}: roles are listed, {to!r} is a text.")
    for role in to:
        for permission in permissions:
            grants.register(f"{permission} of {role}", Grant(role, permission), stacklevel=2)


def actions(model: str, *verbs: str) -> tuple[str, ...]:
    """Name permissions of a model, `app.model`: to view, add, change, delete; all of these without verbs."""
    app, _, name = model.partition(".")
    return tuple(f"{app}.{verb}_{name}" for verb in verbs or ("view", "add", "change", "delete"))


def discover() -> None:
    """Find what all apps grant. Raises ImproperlyConfigured, naming the file, for a permission that no model has."""
    grants.discover()
    for key, found in grants.items():
        check([found.permission], place=grants.place_of(key))


def check(permissions: Collection[str], *, place: str) -> None:
    """Raise ImproperlyConfigured, naming the place, for a permission that no model has."""
    if isinstance(permissions, str):
        raise ImproperlyConfigured(f"{place}: permissions are listed, {permissions!r} is a text.")
    for permission in permissions:
        if permission not in _known():
            raise ImproperlyConfigured(f"{place}: there is no permission {permission}.")


@cache
def _known() -> frozenset[str]:
    return frozenset(permission for model in django_apps.get_models() for permission in _permissions_of(model))


def _permissions_of(model: type[Model]) -> list[str]:
    options = model._meta
    codenames = [get_permission_codename(action, options) for action in options.default_permissions]
    codenames += [codename for codename, _ in options.permissions]
    return [f"{options.app_label}.{codename}" for codename in codenames]


def names() -> list[str]:
    """List the roles."""
    return sorted({found.role for found in grants.values()})


def load() -> None:
    """Make the groups that are missing and give each what is granted; permissions added by hand stay."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name in names():
        group, _ = Group.objects.get_or_create(name=name)
        wanted = [found.permission for found in grants.values() if found.role == name]
        # Where only some apps were migrated, those of the others come with them.
        group.permissions.add(*(known[permission] for permission in wanted if permission in known))


grant("core.view_task", to=(*OPERATE, DATA_STEWARD))
grant("core.change_task", to=OPERATE)
grant("core.view_auditentry", to=(ADMINISTRATOR, DATA_STEWARD))
grant(*actions("core.apikey", "view", "add", "change"), to=[ADMINISTRATOR])
