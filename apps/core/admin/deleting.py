"""Deleting what others depend on: the page says what follows, in figures, and asks for the name."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


class DeletedByName:
    """Mixed into a ModelAdmin before it: whoever deletes something types its name; nothing is deleted in bulk."""

    delete_confirmation_template = "admin/cdp/delete.html"

    def consequences(self, obj: Any) -> Iterable[str]:
        """Say in sentences what goes, stops, or stays."""
        raise NotImplementedError

    def obstacles(self, obj: Any) -> Iterable[str]:
        """Say why it cannot be deleted, if so."""
        return ()

    def may_switch_off(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether it could be switched off instead."""
        return bool(obj.is_enabled and self.has_change_permission(request, obj))  # type: ignore[attr-defined]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """List nothing that goes along: there may be millions."""
        return [], {}, set(), [reason for obj in objs for reason in self.obstacles(obj)]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask for the name, and delete once it is right."""
        obj = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        may_delete = obj is not None and self.has_delete_permission(request, obj)  # type: ignore[attr-defined]
        if may_delete and request.method == "POST":
            if "switch_off" in request.POST and self.may_switch_off(request, obj):
                return self._switch_off(request, obj)
            if request.POST.get("name", "").strip() != str(obj).strip() and not list(self.obstacles(obj)):
                self.message_user(request, f"Type the name to delete it: {obj}", messages.ERROR)  # type: ignore[attr-defined]
                return HttpResponseRedirect(request.get_full_path())
        shown = {**(extra_context or {})}
        if may_delete:
            shown |= {"consequences": self.consequences(obj), "may_switch_off": self.may_switch_off(request, obj)}
        found: HttpResponse = super().delete_view(request, object_id, shown)  # type: ignore[misc]
        return found

    def _switch_off(self, request: HttpRequest, obj: Any) -> HttpResponse:
        obj.is_enabled = False
        self.log_change(request, obj, [{"changed": {"fields": ["is_enabled"]}}])  # type: ignore[attr-defined]
        self.save_model(request, obj, None, True)  # type: ignore[attr-defined] # noqa: FBT003
        self.message_user(request, f"{obj} is switched off.", messages.SUCCESS)  # type: ignore[attr-defined]
        return HttpResponseRedirect("../../")

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no deletion in bulk."""
        found = super().get_actions(request)  # type: ignore[misc]
        found.pop("delete_selected", None)
        return found


def counted(n: int, one: str, many: str = "") -> str:
    """Say how many there are: 1 tracked link, 2 tracked links."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"
