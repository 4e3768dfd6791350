"""One shape for all errors of the APIs: {code, message, field, index, errors}."""

import logging
from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.core.refusal import Refusal

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is answered with an error of this status.

    `others` are more that is wrong with it; `told` is what whoever asked needs to go on, beside the error.
    """

    def __init__(
        self,
        status_code: int,
        refusal: Refusal,
        others: Sequence[Refusal] = (),
        *,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(refusal.message)
        self.status_code = status_code
        self.refusal = refusal
        self.others = others
        self.told = told or {}


def error_body(refusal: Refusal, others: Sequence[Refusal] = ()) -> dict[str, Any]:
    """Shape an error; `errors` lists all refusals of the request, the first one included."""
    return {**refusal.as_dict(), "success": False, "errors": [item.as_dict() for item in (refusal, *others)]}


@singledispatch
def refused_by(error: Exception) -> Refused | None:
    """Say how an error is answered; None for one that nobody expected.

    An app registers what its own verbs raise, where its addresses are: `@refused_by.register`.
    """
    return None


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate what views raise; what nobody expected is logged once, and answered without a word of it."""
    if isinstance(error, ValidationError):
        first, *others = _refusals(error.detail)
        return Response(error_body(first, others), status=status.HTTP_422_UNPROCESSABLE_ENTITY)
    found = refused_by(error)
    if found is None:
        response = exception_handler(error, context)
        if isinstance(error, APIException) and response is not None:
            response.data = error_body(Refusal(str(error.default_code), str(error.detail), getattr(error, "field", "")))
        return response
    response = Response({**error_body(found.refusal, found.others), **found.told}, status=found.status_code)
    if found.status_code == status.HTTP_503_SERVICE_UNAVAILABLE:
        logger.error("The database is away or too slow", exc_info=error)
        response["Retry-After"] = "5"
    return response


@refused_by.register
def _(error: Refused) -> Refused:
    return error


@refused_by.register(TooManyFieldsSent)
@refused_by.register(TooManyFilesSent)
def _(error: Exception) -> Refused:
    return Refused(status.HTTP_422_UNPROCESSABLE_ENTITY, Refusal("too_many", "The request has too many fields."))


@refused_by.register(MultiPartParserError)
@refused_by.register(UnreadablePostError)
def _(error: Exception) -> Refused:
    return Refused(status.HTTP_400_BAD_REQUEST, Refusal("invalid_form", "The form is broken, or ends too early."))


@refused_by.register
def _(error: RequestDataTooBig) -> Refused:
    return Refused(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, Refusal("too_large", "The body is too large."))


@refused_by.register
def _(error: DatabaseError) -> Refused:
    message = "Nothing was stored. Please send it again in a moment."
    return Refused(status.HTTP_503_SERVICE_UNAVAILABLE, Refusal("unavailable", message))


def _refusals(detail: Any, field: str = "") -> list[Refusal]:
    """Flatten what a serializer has to say, each message with the path of its field."""
    if isinstance(detail, dict):
        parts = ((name if not field else f"{field}.{name}", item) for name, item in detail.items())
        return [refusal for path, item in parts for refusal in _refusals(item, path)]
    if isinstance(detail, list):
        return [refusal for item in detail for refusal in _refusals(item, field)]
    return [Refusal("invalid", str(detail), field)]
