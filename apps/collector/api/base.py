"""The view that all collector addresses share: open to the world, and as little work as possible for each request."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework import status as http
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.collector.api.errors import note
from apps.core.api.bodies import unpack
from apps.core.api.errors import error_body
from apps.core.refusal import Refusal

RENDERER = JSONRenderer()


class CollectorView(APIView):
    """Whoever knows a source's id may send to it: authentication is the source, and each view checks it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (JSONParser,)  # for the description alone: views read bodies themselves

    def key_of(self, request: Request) -> str:
        """Read how a request names its source, as far as that stands outside of its body."""
        return str(self.kwargs.get("source_id", ""))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Answer in JSON whatever `Accept` says, and look for no user: beacons have none to negotiate with."""
        request.accepted_renderer = RENDERER
        request.accepted_media_type = RENDERER.media_type
        request.META = request._request.META  # asked for nine times, and each look would go through a proxy
        self.admit(request)
        unpack(request._request)

    def admit(self, request: Request) -> None:
        """Turn away who may not send, as far as that shows before anything of the body is read. Raises Refused."""

    def handle_exception(self, exc: Exception) -> Response:
        """Count what is refused, for those who ask why nothing arrives."""
        note(exc, key=self.key_of(self.request))
        return super().handle_exception(exc)


def answer(data: Any, *, status: int = 200) -> HttpResponse:
    """Write an answer as JSON; a plain response, which costs a fraction of one that is rendered."""
    return HttpResponse(orjson.dumps(data), status=status, content_type="application/json")


def refused(refusals: Sequence[Refusal]) -> HttpResponse:
    """Answer a request of which nothing was taken."""
    first, *others = refusals
    status_code = http.HTTP_403_FORBIDDEN if first.code == "bot" else http.HTTP_422_UNPROCESSABLE_ENTITY
    return answer(error_body(first, others), status=status_code)


def not_found() -> HttpResponse:
    """Answer an address that there is not."""
    return answer(error_body(Refusal("not_found", "There is no such address.")), status=http.HTTP_404_NOT_FOUND)
