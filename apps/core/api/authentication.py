"""Programs come in with a key: `Authorization: Bearer cdp_...`; each view names the scope that it asks for.

People who are signed in to the admin come in by their session, where a view says so: what a scope asks for of them is
said where the scope is registered (`apps.core.keys.permissions`). A scope that is not there is for programs alone.
"""

from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.core import audit, keys
from apps.core.audit import Actor
from apps.core.clients import client_ip
from apps.core.models import ApiKey

LACKS_SCOPE: Final = "The API key lacks the scope for this."
LACKS_PERMISSION: Final = "You may not do this: somebody has to give you the permission for it."


class Program:
    """The user of a request that came with a key; it has no rights of its own, only the key's scopes."""

    is_authenticated = True
    is_staff = False

    def __init__(self, key: ApiKey) -> None:
        self.pk = key.pk
        self.name = key.name


class KeyAuthentication(BaseAuthentication):
    """Find the key of a request."""

    def authenticate(self, request: Request) -> tuple[Program, ApiKey] | None:
        """Return (program, key); None when the request carries none. Raises AuthenticationFailed for a wrong one."""
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = keys.find(text.strip(), now=timezone.now())
        if key is None:
            raise AuthenticationFailed("The API key is unknown, switched off or expired.")
        return Program(key), key

    def authenticate_header(self, request: Request) -> str:
        """Ask for a key: without this header clients would be told 403 in place of 401."""
        return 'Bearer realm="api"'


class CsrfFailed(PermissionDenied):
    """The page sends no token, or an old one: whoever is signed in may read it anew, and try again."""

    default_code = "csrf_failed"
    default_detail = "X-CSRFToken is missing, or is not the one of the cookie csrftoken any more."


class OtherUser(PermissionDenied):
    """Somebody else has signed in since the page was opened: nothing is done under their name without their knowing."""

    default_code = "other_user"


class AdminSession(SessionAuthentication):
    """Find who is signed in to the admin; whatever is no reading needs the token against forged requests.

    A page that stays open says with `X-As-User` whose it is: the id of who has opened it.
    """

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """Return (user, None); None where nobody is signed in. Raises CsrfFailed, and OtherUser."""
        found = super().authenticate(request)
        said = request.META.get("HTTP_X_AS_USER")
        if found and said is not None and said != str(found[0].pk):
            raise OtherUser(f"{found[0].get_username()} is signed in now, in this browser.")
        return found

    def enforce_csrf(self, request: Request) -> None:
        """Look for the token. Raises CsrfFailed."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise CsrfFailed from None


class HasScope(BasePermission):
    """Let in who may what the scope is good for that the view's `scopes` names for the method; none named: nobody."""

    message = LACKS_PERMISSION

    def has_permission(self, request: Request, view: Any) -> bool:
        """Compare what the key is good for, or the person may do, with what the view asks for."""
        wanted = view.scopes.get(request.method)
        if wanted is None or not may(request, wanted):
            self.message = LACKS_SCOPE if is_by_key(request) else LACKS_PERMISSION
            return False
        return is_by_key(request) or request.user.has_perms(view.people_need.get(request.method, ()))


def may(request: Request, scope: str) -> bool:
    """Tell whether the key of a request has a scope; of somebody signed in, whether they may do what it is good for."""
    if isinstance(request.auth, ApiKey):
        return scope in request.auth.scopes
    user, asked = request.user, keys.permissions.get(scope)
    return asked is not None and user.is_active and user.is_staff and user.has_perms(asked)


def is_by_key(request: Request) -> bool:
    """Tell whether a program asks, and nobody who is signed in."""
    return isinstance(request.auth, ApiKey)


def actor_of(request: Request) -> Actor:
    """Tell which key, or who of the admin, sends a request, in the form of audit log and provenance."""
    key = request.auth
    if not isinstance(key, ApiKey):
        return audit.actor_of(request)
    return Actor(f"key:{key.prefix}", key.name, client_ip(request))


class _KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description tells of keys."""

    target_class = KeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe a bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "A key from the admin, under API keys."}


class _SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description tells of sessions."""

    target_class = AdminSession
    name = "adminSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the cookie."""
        told = "Who is signed in to the admin. All but GET needs X-CSRFToken, with what the cookie csrftoken says."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": told}
