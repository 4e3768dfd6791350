from django.apps import AppConfig
from django.db.backends.signals import connection_created


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from apps.core import jobs, keys, queues, sign_ins  # models cannot be imported before the apps are ready
        from apps.core.times import load_times

        jobs.discover()
        queues.configure()
        keys.scopes.discover()
        sign_ins.connect()
        connection_created.connect(load_times)
