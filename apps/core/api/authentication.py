"""Programs come in with a key: `Authorization: Bearer cdp_...`; each view names the scope that it asks for."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.core import keys
from apps.core.audit import Actor
from apps.core.clients import client_ip
from apps.core.models import ApiKey


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


class HasScope(BasePermission):
    """Let in whose key has the scope that the view's `scopes` names for the method; none named: nobody."""

    message = "The API key lacks the scope for this."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Compare the key's scopes with the view's."""
        wanted = view.scopes.get(request.method)
        return isinstance(request.auth, ApiKey) and wanted is not None and wanted in request.auth.scopes


def actor_of(request: Request) -> Actor:
    """Tell which key sends a request, in the form of audit log and provenance."""
    key = request.auth
    assert isinstance(key, ApiKey)  # HasScope lets nobody else in
    return Actor(f"key:{key.prefix}", key.name, client_ip(request))


class _KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description tells of keys."""

    target_class = KeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe a bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "A key from the admin, under API keys."}
