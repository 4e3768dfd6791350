"""Is the platform alive, is it ready, and which version is it?"""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request

from apps.collector import health
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
    """Tell a load balancer whether requests can be served, and whoever watches the platform whether all is well."""

    @extend_schema(operation_id="ready", tags=["Health"], responses={200: dict, 503: dict})
    def get(self, request: Request) -> HttpResponse:
        """Prove that something can be committed, without which nothing is accepted; and say what else is wrong."""
        found = health.measure()
        code = status.HTTP_200_OK if found.takes_events else status.HTTP_503_SERVICE_UNAVAILABLE
        return answer(found.as_dict(), status=code)


class VersionView(CollectorView):
    """Say which version runs."""

    @extend_schema(operation_id="version", tags=["Health"], responses={200: dict})
    def get(self, request: Request) -> HttpResponse:
        """Return the version of the changelog's newest entry."""
        return answer({"version": VERSION})
