"""Pages of rows of several kinds: the kind is chosen first, and stays; the form has what it has."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.admin.base import ModelAdmin


class OfKinds(ModelAdmin):
    """A form that depends on the kind of its row."""

    kinds: ClassVar[Mapping[str, Any]]  # each with a title, what it is about, an icon and its place
    question: ClassVar[str]
    form_of: "ClassVar[staticmethod[[str], type[forms.ModelForm[Any]]]]"  # the form of a kind

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask for the kind, and then for all else."""
        if request.GET.get("kind") in self.kinds:
            response: HttpResponse = super().add_view(request, form_url, extra_context)
            return response
        if not self.has_add_permission(request):
            raise PermissionDenied
        shown = {**self.admin_site.each_context(request), "title": self.question, "opts": self.opts}
        offered = sorted(self.kinds.items(), key=lambda item: item[1].order)
        return render(request, "core/choose_kind.html", {**shown, "kinds": offered})

    def get_form(self, request: HttpRequest, obj: Any = None, change: Any = False, **kwargs: Any) -> Any:  # noqa: FBT002 - as Django calls it
        """Make the form of the row's kind; one without fields where this version does not know it."""
        kind = self.kind_of(request, obj)
        form = self.form_of(kind) if kind in self.kinds else forms.modelform_factory(self.model, fields=())
        return super().get_form(request, obj, change=change, form=form, **kwargs)

    def kind_of(self, request: HttpRequest, obj: Any) -> str:
        """Name the kind of a row, or of the one that is to be added."""
        return str(obj.kind if obj else request.GET.get("kind", ""))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what this version does not know, and would store without what it has of its own."""
        may: bool = super().has_change_permission(request, obj)
        return may and (not isinstance(obj, self.model) or obj.kind in self.kinds)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill in nothing of the address but what the kind proposes."""
        return {}
