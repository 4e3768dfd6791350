"""People who share a platform: each with a role or with some permissions, signed in at a window of their own."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page

from tests.chromium import new_window
from tests.stories.doors import LiveDoors

PASSWORD: Final = "drawn-by-hand-7"
MARKETER: Final = "Marketer"
_SEES: Final = ("view_flow", "view_profile", "view_pii")
# Who may do what: a role, or permissions.
PEOPLE: Final[Mapping[str, str | tuple[str, ...]]] = {
    "anna": MARKETER,
    "ben": MARKETER,
    "looker": "Analyst",
    "drawer": (*_SEES, "change_flow"),
    "publisher": (*_SEES, "publish_flow"),
}
MAKE: Final = """
import json
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
keys = {{}}
for name, may in json.loads({people!r}).items():
    user, is_new = User.objects.get_or_create(username=name, defaults={{"is_staff": True}})
    if is_new:  # another module of stories may have made them
        user.set_password({password!r})
        user.save()
    if isinstance(may, str):
        user.groups.add(Group.objects.get(name=may))
    else:
        user.user_permissions.set(Permission.objects.filter(codename__in=may))
    client = Client()
    client.force_login(user)
    keys[name] = client.session.session_key
print(json.dumps(keys))
"""


class Office:
    """Where they work: windows by the name of who sits there."""

    def __init__(self, browser: Browser, studio: LiveDoors) -> None:
        self.browser, self.studio = browser, studio
        code = MAKE.format(people=json.dumps(PEOPLE), password=PASSWORD)
        told = studio.live.manage("shell", "--no-imports", "-c", code)
        self._sessions: dict[str, str] = json.loads(told.splitlines()[-1])

    @contextmanager
    def window(self, name: str) -> Iterator[BrowserContext]:
        """Open a window with cookies and storage of its own."""
        with new_window(self.browser) as window:
            value, url = self._sessions[name], self.studio.live.address
            window.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
            yield window

    def open(self, window: BrowserContext, key: str) -> Page:
        """Open a flow in a tab; errors of scripts fail the test."""
        [flow] = self.studio.live.rows("SELECT id FROM flows_flow WHERE key = %s", key)
        page = window.new_page()
        page.on("pageerror", _fail)
        page.goto(f"{self.studio.live.address}/admin/flows/flow/{flow['id']}/editor/")
        return page


def _fail(error: object) -> None:
    raise AssertionError(error)
