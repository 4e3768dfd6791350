"""The admin's menu: each app says in a module `menu` which of its pages it offers; all else follows from the model."""

from typing import Any, Final, NamedTuple

from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

from apps.core import roles
from apps.core.models import ApiKey, AuditEntry, Task
from apps.core.registry import Registry

# Of the platform itself; an app may have one of its own. They stand in the order of their first entries.
PEOPLE, IDENTITY, COLLECTING, PRIVACY, OPERATIONS = "People", "Identity", "Collecting", "Privacy", "Operations"


class Entry(NamedTuple):
    """The list of a model, or another page of its admin, in a group of the menu."""

    model: type[Model]
    group: str
    order: int  # in the whole menu
    icon: str  # of Material Symbols
    title: str
    needs: str  # the permission without which it is not offered
    page: str  # the name of its address

    def item(self) -> dict[str, Any]:
        """Return it as Unfold takes it."""
        return {"title": self.title, "icon": self.icon, "link": reverse(self.page), "permission": self.is_for}

    def is_for(self, request: HttpRequest) -> bool:
        """Tell whether it is offered to somebody."""
        return request.user.has_perm(self.needs)


entries: Final[Registry[Entry]] = Registry("menu entry", module="menu")


def entry(
    model: type[Model], group: str, order: int, *, icon: str, title: str = "", needs: str = "", page: str = ""
) -> None:
    """Offer the list of a model, or a `page` of its admin; by the name of the model, to all who may view it."""
    options = model._meta
    title = title or capfirst(str(options.verbose_name_plural))
    needs = needs or f"{options.app_label}.view_{options.model_name}"
    page = f"admin:{page or f'{options.app_label}_{options.model_name}_changelist'}"
    entries.register(page, Entry(model, group, order, icon, title, needs, page), stacklevel=2)


def check(site: AdminSite) -> None:
    """Raise ImproperlyConfigured, naming the file, for an entry without a page, or of no known permission."""
    for key, found in entries.items():
        place, model = entries.place_of(key), found.model._meta.label
        if found.model not in site._registry:
            hint = "does the __init__ of admin import it?"
            raise ImproperlyConfigured(f"{place}: there is no admin page of {model}, which the menu offers; {hint}")
        roles.check([found.needs], place=place)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups with their entries, as Unfold takes them; it leaves out what somebody may not see."""
    groups: dict[str, dict[str, Any]] = {}
    for each in sorted(entries.values(), key=lambda found: found.order):
        group = groups.setdefault(each.group, {"title": each.group, "separator": bool(groups), "items": []})
        group["items"].append(each.item())
    home = {"title": "Home", "icon": "home", "link": reverse("admin:index")}
    return [{"items": [home]}, *groups.values()]


entry(AuditEntry, PRIVACY, 460, icon="receipt_long", title="Audit log")
entry(Task, OPERATIONS, 530, icon="progress_activity")
entry(ApiKey, OPERATIONS, 550, icon="key")
