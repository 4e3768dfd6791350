"""Who signed in, who tried to, and who was locked out: all of it is in the audit log."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest
from django.utils import timezone

from apps.core import audit
from apps.core.audit import Actor
from apps.core.clients import client_ip


def connect() -> None:
    """Listen to all ways in."""
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)
    user_login_failed.connect(_failed)
    user_locked_out.connect(_locked_out)


def _signed_in(*, request: HttpRequest | None, user: AbstractBaseUser, **_: Any) -> None:
    if request is not None and client_ip(request):  # not a test client's, nor a program's
        audit.record_by_itself("signed in", actor=_actor(request, user), at=timezone.now(), object=user)


def _signed_out(*, request: HttpRequest | None, user: AbstractBaseUser | None, **_: Any) -> None:
    if request is not None and user is not None and client_ip(request):
        audit.record_by_itself("signed out", actor=_actor(request, user), at=timezone.now(), object=user)


def _failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if request is None or getattr(request, "axes_locked_out", False):  # see _locked_out
        return
    _note("sign-in failed", request, credentials.get("username"))


def _locked_out(*, request: HttpRequest, username: str | None, **_: Any) -> None:
    if getattr(request, "axes_failures_since_start", None):  # it begins now; later attempts are not even counted
        _note("locked out", request, username)


def _note(action: str, request: HttpRequest, name: str | None) -> None:
    """Note what somebody tried whom nobody knows; a name that is no user's may be a password in the wrong field."""
    users = get_user_model()
    user = users.objects.filter(**{users.USERNAME_FIELD: name}).first() if name else None
    nobody = Actor("nobody", "Somebody not signed in", client_ip(request))
    audit.record_by_itself(action, actor=nobody, at=timezone.now(), object=user, **({"name": name} if user else {}))


def _actor(request: HttpRequest, user: AbstractBaseUser) -> Actor:
    return Actor(f"user:{user.pk}", user.get_username(), client_ip(request))
