"""Programs that use the API."""

from rest_framework.test import APIClient

from apps.api.scopes import Scope
from apps.core import keys
from tests.factories import NOON


def program(*scopes: Scope) -> APIClient:
    """Return a client whose key is good for the scopes, and called CRM."""
    _, text = keys.issue("CRM", scopes, created_by="anna", now=NOON)
    found = APIClient()
    found.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return found
