from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "apps.segments"

    def ready(self) -> None:
        from apps.profiles import ledger  # models cannot be imported before the apps are ready
        from apps.segments import memberships

        ledger.follow(memberships.adopt)
