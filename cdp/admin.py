"""The admin site: everything that marketers, developers and operators look at."""

from typing import Any

from unfold.sites import UnfoldAdminSite


class CdpAdminSite(UnfoldAdminSite):
    """The one admin site of the platform."""

    enable_nav_sidebar = True
    index_title = "Home"

    def get_urls(self) -> list[Any]:
        """Add what the editor of conditions asks for: it stands on pages of several apps."""
        from apps.core.admin.conditions.views import urls  # apps are not loaded yet when the site is made

        return [*urls(self), *super().get_urls()]
