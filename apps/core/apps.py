from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from apps.core import (  # models cannot be imported before the apps are ready
            actors,
            jobs,
            keys,
            menu,
            queues,
            roles,
            sign_ins,
        )
        from apps.core.time_loader import load_times

        actors.namers.discover()
        jobs.discover()
        queues.configure()
        keys.scopes.discover()
        keys.permissions.discover()
        menu.entries.discover()
        roles.discover()
        for scope, asked in keys.permissions.items():
            roles.check(asked, place=keys.permissions.place_of(scope))
        sign_ins.connect()
        connection_created.connect(load_times)
        post_migrate.connect(load_roles)


def load_roles(*, sender: AppConfig, **_signal: Any) -> None:
    """Bring the roles in, once the permissions of all apps are there: the last app with models has made its own."""
    from django.apps import apps as django_apps  # not ready before

    from apps.core import roles

    migrated = [config.name for config in django_apps.get_app_configs() if config.models_module]
    if sender.name == migrated[-1]:
        roles.load()
