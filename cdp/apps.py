from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """The admin. Its pages come with the URL map: a process that serves none starts in two thirds of the time."""

    default_site = "cdp.admin.CdpAdminSite"

    def ready(self) -> None:
        from cdp import checks  # noqa: F401 - registers them; models cannot be imported before the apps are ready
