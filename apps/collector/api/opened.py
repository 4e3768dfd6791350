"""What people open where there are no scripts: tracked links, and pictures in mails. They work, whatever fails here.

What a program seems to have opened before them is stored like all else, and marked: `is_suspected_bot` is true then,
and `suspicion` says why.
"""

import base64
import logging
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt

from apps.collector import accept, bursts
from apps.collector.api import form_data
from apps.collector.api.errors import note
from apps.collector.api.request import envelope_of, source_named
from apps.collector.wire import Message
from apps.collector.wire.body import optional_id
from apps.core.api.errors import Refused
from apps.core.clients import client_ip
from apps.events import links, sources
from apps.events.links import Link, Way
from apps.events.models import InboxItem, Source
from apps.events.sources import SourcePolicy
from apps.sessions import scanners

logger = logging.getLogger(__name__)
DOT: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # one transparent point
CLICK_TIMEOUT_SECS = 2.0  # how long somebody who clicked waits for the recording of the click
CLICKS = ("GET", "HEAD", "POST", "PUT", "DELETE")  # other methods only ask
SESSION_COOKIE = "tracardi-session-id"  # the browser tracker's
OPENED: Final = "message-opened"  # what a picture tells, unless it says otherwise
# By which browsers, and what stands between, say that nobody has clicked yet.
AHEAD: Final = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
AHEAD_WORDS: Final = ("prefetch", "prerender", "preview")


@csrf_exempt
def redirect(request: HttpRequest, redirect_id: UUID, session_id: str = "") -> HttpResponse:
    """Send a click on to where its link leads, and record it; recording that fails never fails the click."""
    try:
        link = links.find(redirect_id)
    except DatabaseError:
        logger.exception("A link could not be looked up", extra={"redirect": str(redirect_id)})
        return _say("This link cannot be opened now. Please try again in a moment.", status=503)
    if link is None:
        return _say("This link does not exist.", status=404)
    way = links.way_of(link, form_data.clicked(request), now=datetime.now(UTC))
    if way is None:
        return _say("This link is not as it was made. Perhaps a part of it is missing.", status=400)
    if request.method in CLICKS:
        try:
            _record_click(request, link, way, _session_of(request, session_id))
        except Exception:  # whatever became of the recording, the click goes on
            logger.exception("A click was not recorded", extra={"redirect": str(redirect_id)})
    if not way.url:
        return _say("This link has expired.", status=410)
    # 302, not 307: what was posted to us is not passed on to others.
    return HttpResponseRedirect(way.url)


@csrf_exempt
def pixel(request: HttpRequest, write_key: str, session_id: str = "") -> HttpResponse:
    """Answer a picture of one point, and record that it was seen; what is wrong with it is counted."""
    if request.method in ("GET", "HEAD"):
        try:
            source = source_named(write_key, kinds=(Source.Kind.REDIRECT,), field="write_key")
            _record_opening(request, source, _session_of(request, session_id))
        except Refused as refused:
            note(refused, key=write_key)
        except Exception:  # the mail is shown all the same
            logger.exception("A picture was not recorded")
    return dot()


def dot() -> HttpResponse:
    """Answer a picture that nobody sees, and nobody keeps."""
    headers = {"Cache-Control": "no-store, private", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(DOT, content_type="image/gif", headers=headers)


def suspicion_of(request: HttpRequest) -> str:
    """Say why a program, and nobody, may have opened something; empty for people."""
    if request.method == "HEAD":
        return "head"
    if any(word in request.META.get(header, "").lower() for header in AHEAD for word in AHEAD_WORDS):
        return "prefetch"
    return scanners.suspicion(request.META.get("HTTP_USER_AGENT", ""))


def marks(suspicion: str) -> dict[str, Any]:
    """Return the properties of what is suspected; none of what is not."""
    return {"is_suspected_bot": True, "suspicion": suspicion} if suspicion else {}


def _session_of(request: HttpRequest, session_id: str) -> str:
    return optional_id(session_id.strip("/") or request.COOKIES.get(SESSION_COOKIE, "")) or ""


def _record_click(request: HttpRequest, link: Link, way: Way, session_ref: str) -> None:
    source = sources.find(str(link.source_id))
    if source is None or not source.is_enabled:
        return
    suspicion = suspicion_of(request)
    if not suspicion:
        who = (session_ref,) if session_ref else (client_ip(request), request.META.get("HTTP_USER_AGENT", ""))
        suspicion = "burst" if bursts.is_burst(who, f"{link.id} {way.target}") else ""
    properties = {**link.properties, "url": way.url, "params": way.parameters, **marks(suspicion)}
    if way.is_expired:
        properties["is_expired"] = True
    _keep(request, source, properties, call=link.event_type, session_ref=session_ref)


def _record_opening(request: HttpRequest, source: SourcePolicy, session_ref: str) -> None:
    properties = form_data.clicked(request)
    called = properties.pop("type", None)
    suspicion = suspicion_of(request)
    id = optional_id(properties.get("id")) or ""
    # A person who opens it later is none the less the first: no program takes the id from them.
    delivery = ("id", f"{id} {suspicion}".strip()) if id else ("", "")
    call = called if isinstance(called, str) and called else OPENED
    _keep(request, source, {**properties, **marks(suspicion)}, call=call, session_ref=session_ref, delivery=delivery)


def _keep(request: HttpRequest, source: SourcePolicy, properties: dict[str, Any], **surroundings: Any) -> None:
    message = Message(InboxItem.Dialect.WEBHOOK, orjson.dumps(properties), envelope_of(request, source, **surroundings))
    accept.later(message.read(), timeout_secs=CLICK_TIMEOUT_SECS)


def _say(text: str, *, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")
