"""Fixtures of the events' tests."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def admin(db: None) -> Client:
    """An administrator who is signed in."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin", "admin@example.com"))
    return client
