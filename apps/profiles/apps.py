from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "apps.profiles"

    def ready(self) -> None:
        from apps.profiles import holdings, ledger, observing  # models cannot be imported before the apps are ready

        holdings.holdings.discover()
        ledger.followers.discover()
        ledger.sayers.discover()
        ledger.returners.discover()
        observing.observers.discover()
