"""The admin site: everything that marketers, developers and operators look at."""

from unfold.sites import UnfoldAdminSite


class CdpAdminSite(UnfoldAdminSite):
    """The one admin site of the platform."""

    enable_nav_sidebar = True
    index_title = "Home"
