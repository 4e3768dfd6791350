"""The view that all collector addresses share: open to the world, and as little work as possible for each request."""

from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api.bodies import unpack

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
        unpack(request._request)


def answer(data: Any, *, status: int = 200) -> HttpResponse:
    """Write an answer as JSON; a plain response, which costs a fraction of one that is rendered."""
    return HttpResponse(orjson.dumps(data), status=status, content_type="application/json")
