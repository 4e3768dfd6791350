"""The limit: a Django view that does nothing, on the same server with the same options."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import re_path

BODY = b'{"ok": true}'

settings.configure(
    ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"], SECRET_KEY="bench", LOGGING_CONFIG=None, USE_TZ=True
)


def answer(request: HttpRequest) -> HttpResponse:
    """Answer without a look at the request."""
    return HttpResponse(BODY, content_type="application/json", headers={"Content-Length": str(len(BODY))})


urlpatterns = [re_path("", answer)]
application = get_wsgi_application()
