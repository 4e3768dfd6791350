from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConsoleConfig(AppConfig):
    name = "apps.console"

    def ready(self) -> None:
        post_migrate.connect(load_roles)


def load_roles(*, sender: AppConfig, **_signal: Any) -> None:
    """Bring the roles in, once the permissions of all apps are there: the last app with models has made its own."""
    from django.apps import apps as django_apps  # not ready before

    from apps.console import roles

    migrated = [config.name for config in django_apps.get_app_configs() if config.models_module]
    if sender.name == migrated[-1]:
        roles.load_roles()
