from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "apps.profiles"

    def ready(self) -> None:
        from apps.core import tasks  # models cannot be imported before the apps are ready
        from apps.core.queues import QueueName
        from apps.profiles import erasure

        tasks.register(
            tasks.Kind(erasure.TASK, "Erase a person or make him anonymous", QueueName.DEFAULT, erasure.step)
        )
