"""One shape for all errors of the APIs: {code, message, field, index, errors}."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError
from django.http import HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.collector import accept, noticing, sources
from apps.collector.accept import Failed
from apps.collector.api.base import CollectorView, answer
from apps.collector.grouping import Busy
from apps.collector.track import Refusal
from apps.collector.wire import Message
from apps.collector.wire.body import Malformed
from apps.collector.wire.envelope import Parsed

logger = logging.getLogger(__name__)


BROKEN = ("invalid_json", "too_deep")


class Refused(Exception):
    """A request that is answered with an error of this status."""

    def __init__(self, status_code: int, refusal: Refusal, *, key: str = "", is_kept: bool = False) -> None:
        super().__init__(refusal.message)
        self.status_code = status_code
        self.refusal = refusal
        self.key = key  # by which the sender named a source
        self.is_kept = is_kept  # for those who want to know why, and counted there


def read(message: Message, reader: Callable[[], Parsed]) -> Parsed:
    """Read a message of a known source; what is no such message is kept for those who look. Raises as the reader."""
    try:
        return reader()
    except Malformed as error:
        if error.refusal.code in BROKEN:
            raise
        accept.refuse(message, error.refusal)
        raise Refused(status.HTTP_422_UNPROCESSABLE_ENTITY, error.refusal, is_kept=True) from None


def refused(refusals: Sequence[Refusal]) -> HttpResponse:
    """Answer a request of which nothing was taken."""
    first, *others = refusals
    status_code = status.HTTP_403_FORBIDDEN if first.code == "bot" else status.HTTP_422_UNPROCESSABLE_ENTITY
    return answer(error_body(first, others), status=status_code)


def not_found() -> HttpResponse:
    """Answer an address that there is not."""
    return answer(error_body(Refusal("not_found", "There is no such address.")), status=status.HTTP_404_NOT_FOUND)


def error_body(refusal: Refusal, others: Sequence[Refusal] = ()) -> dict[str, Any]:
    """Shape an error; `errors` lists all refusals of the request, the first one included."""
    return {**refusal.as_dict(), "success": False, "errors": [item.as_dict() for item in (refusal, *others)]}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate what views raise; what nobody expected is logged once, and answered without a word of it."""
    if isinstance(error, ValidationError):
        first, *others = _refusals(error.detail)
        return Response(error_body(first, others), status=status.HTTP_422_UNPROCESSABLE_ENTITY)
    found = _translate(error)
    if found is None:
        response = exception_handler(error, context)
        if isinstance(error, APIException) and response is not None:
            response.data = error_body(Refusal(str(error.default_code), str(error.detail), getattr(error, "field", "")))
        return response
    status_code, refusal = found
    if status_code < status.HTTP_500_INTERNAL_SERVER_ERROR and isinstance(context["view"], CollectorView):
        _note(error, refusal, context)
    headers = {"Retry-After": "5"} if status_code == status.HTTP_503_SERVICE_UNAVAILABLE else None
    return Response(error_body(refusal), status=status_code, headers=headers)


def _note(error: Exception, refusal: Refusal, context: dict[str, Any]) -> None:
    """Count a request that was refused before there was a message of a source."""
    if isinstance(error, Refused) and error.is_kept:
        return
    key = error.key if isinstance(error, Refused) else ""
    key = key or context["view"].key_of(context["request"])
    source = sources.find(key) if key else None
    noticing.note_refusal(refusal, at=datetime.now(UTC), source_id=source.id if source else None, key=key)


def _translate(error: Exception) -> tuple[int, Refusal] | None:
    match error:
        case Refused():
            return error.status_code, error.refusal
        case Malformed():
            broken = error.refusal.code in BROKEN
            return status.HTTP_400_BAD_REQUEST if broken else status.HTTP_422_UNPROCESSABLE_ENTITY, error.refusal
        case TooManyFieldsSent() | TooManyFilesSent():
            return status.HTTP_422_UNPROCESSABLE_ENTITY, Refusal("too_many", "The request has too many fields.")
        case MultiPartParserError() | UnreadablePostError():
            return status.HTTP_400_BAD_REQUEST, Refusal("invalid_form", "The form is broken, or ends too early.")
        case RequestDataTooBig():
            return status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, Refusal("too_large", "The body is too large.")
        case DatabaseError():
            logger.error("The database is away", exc_info=error)
            message = "Nothing was stored. Please send it again in a moment."
            return status.HTTP_503_SERVICE_UNAVAILABLE, Refusal("unavailable", message)
        case Busy():
            logger.error("The database is too slow", exc_info=error)
            message = "Perhaps nothing was stored. Please send it again in a moment, with the same ids."
            return status.HTTP_503_SERVICE_UNAVAILABLE, Refusal("busy", message)
        case Failed():
            return status.HTTP_500_INTERNAL_SERVER_ERROR, Refusal("failed", "The request could not be processed.")
    return None


def _refusals(detail: Any, field: str = "") -> list[Refusal]:
    """Flatten what a serializer has to say, each message with the path of its field."""
    if isinstance(detail, dict):
        parts = ((name if not field else f"{field}.{name}", item) for name, item in detail.items())
        return [refusal for path, item in parts for refusal in _refusals(item, path)]
    if isinstance(detail, list):
        return [refusal for item in detail for refusal in _refusals(item, field)]
    return [Refusal("invalid", str(detail), field)]
