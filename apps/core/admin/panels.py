"""What higher apps show on the pages of lower ones: a page names its slots, and knows nothing of what fills them.

A panel is a function in `admin/panels.py` of the app that adds it, and is called with the request that it serves:

    @panel(Profile, SIDE, title="Segments", order=20, needs=("segments.view_segment",))
    def segments(request: HttpRequest, row: Profile) -> SafeString: ...
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.http import HttpRequest

from apps.core import roles
from apps.core.admin.shown import NOT_SHOWN
from apps.core.registry import Registry

logger = logging.getLogger(__name__)

# Slots of a page, and of its list. Whatever else a page names is one of its sections: what fills it is a line there.
MAIN: Final = "main"  # sections in the wide column
SIDE: Final = "side"  # sections in the narrow one
HEAD: Final = "head"  # links and buttons above them
COLUMNS: Final = "columns"
FILTERS: Final = "filters"  # filled by classes of filters
UNDER_WAY: Final = "under way"  # above the list of tasks: filled by functions that return Work, see under_way.py
OBSTACLES: Final = "obstacles"  # to deleting a row: filled by functions that say in sentences what asks about it
PAGES: Final = "pages"  # addresses below that of the list: filled by functions that return URL patterns of a site

Content = TypeVar("Content", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Panel:
    """What fills a slot of a model's page; the page's own sections, lines, columns and filters stand at 10, 20, 30…"""

    model: type[Model]
    slot: str
    content: Callable[..., Any]
    title: str
    order: int
    needs: Sequence[str]  # all of these permissions

    @property
    def key(self) -> str:
        """Its name among all panels."""
        return f"{self.model._meta.label_lower} {self.slot} {self.content.__name__}"

    def bind(self, request: HttpRequest) -> "BoundPanel":
        """Return it for one request: nothing of it is kept in the page, which serves all."""
        return BoundPanel(self, request)


@dataclass(frozen=True, slots=True)
class BoundPanel:
    """A panel for one request, to be called with a row: so Django's admin calls functions among its lists of fields."""

    panel: Panel
    request: HttpRequest
    _shown: dict[Any, Any] = field(default_factory=dict, compare=False)  # by row, as Unfold asks twice for each

    @property
    def short_description(self) -> str:
        """The heading of its section or column, by Django's name for it."""
        return self.panel.title

    @property
    def order(self) -> int:
        """Where it stands in its slot."""
        return self.panel.order

    @property
    def __name__(self) -> str:
        return self.panel.content.__name__

    def __call__(self, row: Any) -> Any:
        """Show what is to be seen of a row; where that fails, the page goes on without it, and says so."""
        if row.pk not in self._shown:
            self._shown[row.pk] = self._show(row)
        return self._shown[row.pk]

    def _show(self, row: Any) -> Any:
        try:
            return self.panel.content(self.request, row)
        except Exception:  # one app must not take the page from all others; Django would show some of these as nothing
            logger.exception("A panel could not be shown", extra={"panel": PANELS.place_of(self.panel.key)})
            return NOT_SHOWN


PANELS: Final[Registry[Panel]] = Registry("panel", module="admin.panels")


def panel(
    model: type[Model], slot: str, *, title: str = "", order: int = 0, needs: Sequence[str] = ()
) -> Callable[[Content], Content]:
    """Let what is decorated fill a slot of a model's page, for users who have all permissions that it needs."""

    def declare(content: Content) -> Content:
        made = Panel(model, slot, content, title, order, needs)
        PANELS.register(made.key, made, stacklevel=2)
        return content

    return declare


def discover(site: AdminSite) -> None:
    """Find the panels of all apps.

    Raises ImproperlyConfigured, naming the file, for one whose slot does not exist, or that needs no known permission.
    """
    PANELS.discover()
    for key, found in PANELS.items():
        slots = getattr(site._registry.get(found.model), "slots", ())
        if found.slot not in slots:
            has = f"has the slots {', '.join(slots)}" if slots else "has no slots"
            place, page = PANELS.place_of(key), found.model._meta.label
            raise ImproperlyConfigured(f"{place}: there is no slot {found.slot}: the page of {page} {has}.")
        roles.check(found.needs, place=PANELS.place_of(key))


def filling(model: type[Model], slot: str) -> list[Panel]:
    """Return what fills a slot."""
    return [found for found in PANELS.values() if found.model is model and found.slot == slot]


def shown(model: type[Model], slot: str, request: HttpRequest) -> list[BoundPanel]:
    """Return what fills a slot for somebody, in its order."""
    found = [each.bind(request) for each in filling(model, slot) if request.user.has_perms(each.needs)]
    return sorted(found, key=lambda bound: bound.order)


def in_order(own: Sequence[Any], added: Iterable[tuple[int, Any]]) -> list[Any]:
    """Put (order, what is added) among what a page has of its own, which stands at 10, 20, 30…"""
    numbered = [(10 * position, each) for position, each in enumerate(own, start=1)]
    return [each for _, each in sorted([*numbered, *added], key=lambda item: item[0])]
