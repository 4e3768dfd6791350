from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "apps.profiles"

    def ready(self) -> None:
        from apps.profiles.holdings import holdings  # models cannot be imported before the apps are ready

        holdings.discover()
