"""Is the platform alive, is it ready, and which version is it?"""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import status
from rest_framework.request import Request

from apps.collector.api.base import CollectorView, answer
from cdp.version import VERSION


class HealthView(CollectorView):
    """Answer as long as the process lives."""

    @extend_schema(operation_id="healthcheck", tags=["Health"], responses={200: dict})
    def get(self, request: Request) -> HttpResponse:
        """Say that the process is alive; asks no other service."""
        return answer({"status": "ok"})

    @extend_schema(operation_id="healthcheck_beacon", tags=["Health"], request=dict, responses={200: dict})
    def post(self, request: Request) -> HttpResponse:
        """Answer pages that send their farewell here."""
        return answer({"status": "ok"})


class ReadyView(CollectorView):
    """Tell a load balancer whether requests can be served."""

    @extend_schema(operation_id="ready", tags=["Health"], responses={200: dict, 503: dict})
    def get(self, request: Request) -> HttpResponse:
        """Ask the database, without which nothing is accepted, and Valkey, without which only background jobs wait."""
        checks = {"database": _database_answers(), "queues": _valkey_answers()}
        if not checks["database"]:
            return answer({"status": "unavailable", "checks": checks}, status=status.HTTP_503_SERVICE_UNAVAILABLE)
        return answer({"status": "ok" if checks["queues"] else "degraded", "checks": checks})


class VersionView(CollectorView):
    """Say which version runs."""

    @extend_schema(operation_id="version", tags=["Health"], responses={200: dict})
    def get(self, request: Request) -> HttpResponse:
        """Return the version of the changelog's newest entry."""
        return answer({"version": VERSION})


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _valkey_answers() -> bool:
    try:
        cache.get("ready")
    except (RedisError, OSError):
        return False
    return True
