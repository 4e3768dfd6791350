from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "cdp.admin.CdpAdminSite"

    def ready(self) -> None:
        super().ready()
        from cdp import checks  # noqa: F401 - registers them; models cannot be imported before the apps are ready
