"""Deleting what others depend on: the page says what follows, in figures, and asks for the name."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import CASCADE, PROTECT
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from apps.core.admin import panels
from apps.core.admin.base import ModelAdmin

N_NAMED = 10


class DeletedByName(ModelAdmin):
    """Whoever deletes something types its name; nothing is deleted in bulk."""

    slots: ClassVar[tuple[str, ...]] = (panels.OBSTACLES,)
    delete_confirmation_template = "core/delete.html"

    def consequences(self, obj: Any) -> Iterable[str]:
        """Say in sentences what goes, stops, or stays."""
        raise NotImplementedError

    def obstacles(self, obj: Any) -> Iterable[str]:
        """Say why it cannot be deleted, if so: what refers to it, in higher apps, too, and would lose its meaning."""
        for relation in self.opts.get_fields(include_hidden=True):
            if getattr(relation, "on_delete", None) is PROTECT and relation.related_model is not self.model:
                rows = relation.related_model._base_manager.filter(**{relation.field.name: obj})[:N_NAMED]
                if rows:
                    kind = capfirst(str(relation.related_model._meta.verbose_name_plural))
                    verb = getattr(relation.related_model, "refers", "ask about it")
                    yield f"{kind} {verb}: {', '.join(map(str, rows))}."
        for added in panels.filling(self.model, panels.OBSTACLES):
            yield from added.content(obj)

    def may_switch_off(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether it could be switched off instead."""
        return bool(obj.is_enabled and self.has_change_permission(request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """List nothing that goes along, as there may be millions; name what the user may not delete of it."""
        pages = self.admin_site._registry
        below = [relation for relation in self.opts.related_objects if relation.on_delete is CASCADE]
        models = [relation.related_model for relation in below if relation.related_model in pages]
        lacking = {str(each._meta.verbose_name) for each in models if not pages[each].has_delete_permission(request)}
        return [], {}, lacking, [reason for obj in objs for reason in self.obstacles(obj)]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask for the name, and delete once it is right."""
        obj = self.get_object(request, unquote(object_id))
        may_delete = obj is not None and self.has_delete_permission(request, obj)
        if may_delete and request.method == "POST":
            if "switch_off" in request.POST and self.may_switch_off(request, obj):
                return self._switch_off(request, obj)
            if request.POST.get("name", "").strip() != str(obj).strip() and not list(self.obstacles(obj)):
                self.message_user(request, f"Type the name to delete it: {obj}", messages.ERROR)
                return HttpResponseRedirect(request.get_full_path())
        shown = {**(extra_context or {})}
        if may_delete:
            shown |= {"consequences": self.consequences(obj), "may_switch_off": self.may_switch_off(request, obj)}
        found: HttpResponse = super().delete_view(request, object_id, shown)
        return found

    def _switch_off(self, request: HttpRequest, obj: Any) -> HttpResponse:
        obj.is_enabled = False
        with transaction.atomic():
            self.log_change(request, obj, [{"changed": {"fields": ["is_enabled"]}}])
            self.save_model(request, obj, None, True)  # noqa: FBT003
        self.message_user(request, f"{obj} is switched off.", messages.SUCCESS)
        return HttpResponseRedirect("../../")

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no deletion in bulk."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found


def counted(n: int, one: str, many: str = "") -> str:
    """Say how many there are: 1 tracked link, 2 tracked links."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"
