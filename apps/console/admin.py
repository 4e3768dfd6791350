"""Users and roles in the admin's looks, and the queues for those who may see them."""

from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern
from django_rq.admin import QueueAdmin
from django_rq.models import Dashboard
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.core.admin.base import ModelAdmin

admin.site.unregister(User)
admin.site.unregister(Group)
admin.site.unregister(Dashboard)

SEES_QUEUES = "django_rq.admin"


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ModelAdmin):
    """Who may sign in; a user's roles are his groups."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles."""


@admin.register(Dashboard)
class QueuesAdmin(QueueAdmin, ModelAdmin):
    """Queues, their jobs and workers. django-rq lets all of the staff look, delete and empty; here it takes a role."""

    def get_urls(self) -> list[URLPattern]:
        """Guard each page of django-rq."""
        patterns: list[URLPattern] = super().get_urls()  # type: ignore[no-untyped-call]
        for pattern in patterns:
            pattern.callback = _guarded(pattern.callback)
        return patterns

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission."""
        return request.user.has_perm(SEES_QUEUES)

    has_change_permission = has_view_permission


def _guarded(view: Any) -> Any:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Who is not signed in is sent to do so by the view.
        if request.user.is_authenticated and not request.user.has_perm(SEES_QUEUES):
            raise PermissionDenied
        response: HttpResponseBase = view(request, *args, **kwargs)
        return response

    return guarded
