"""How the admin looks: Unfold's settings."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Customer data platform",
    "SITE_HEADER": "Customer data",
    "SITE_SYMBOL": "groups",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "apps.console.home.dashboard",
    "STYLES": [lambda request: static("cdp/admin.css")],
    "SCRIPTS": [
        lambda request: static("cdp/unread.js"),  # before it is asked who is signed in
        lambda request: f"{static('cdp/keep.js')}?signed-in={reverse('admin:signed_in')}",
        lambda request: static("cdp/pressed.js"),
    ],
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "apps.core.menu.navigation",
    },
}
