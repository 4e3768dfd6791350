"""What is sent as fields, in forms and addresses, and not as JSON: read as the properties of an event."""

from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from rest_framework import status
from rest_framework.request import Request

from apps.core import forms, storable
from apps.core.api.errors import Refused
from apps.core.forms import Fields, UnknownCharset
from apps.core.refusal import Refusal


def posted(request: Request) -> bytes:
    """Read a body as JSON text: forms are turned into objects, as nothing is; all else is JSON. Raises Refused."""
    body: bytes = request.body  # read first: Django limits its size, but not that of a form with files
    kind = (request._request.content_type or "").lower()
    # What curl calls a form unless it is told otherwise is often JSON; no form begins with a bracket.
    is_form = kind == "application/x-www-form-urlencoded" and not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(
        (b"{", b"[")
    )
    if not is_form and kind != "multipart/form-data":
        return body or b"{}"
    charset = (request._request.content_params or {}).get("charset", "")
    try:
        return _as_json(_parse(body, charset=charset) if is_form else _of_parts(request._request, charset=charset))
    except UnknownCharset:
        message = "A form must be in UTF-8 or Windows-1252, and in what its content type says."
        refusal = Refusal("unsupported_charset", message, "Content-Type")
        raise Refused(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, refusal) from None


def asked(request: Request) -> bytes:
    """Read the parameters of the address as JSON text. Raises Refused."""
    try:
        return _as_json(_parse(_query(request)))
    except UnknownCharset:
        refusal = Refusal("unsupported_charset", "The parameters must be in UTF-8 or Windows-1252.", "address")
        raise Refused(status.HTTP_422_UNPROCESSABLE_ENTITY, refusal) from None


def clicked(request: HttpRequest) -> dict[str, Any]:
    """Read the parameters of a click; what cannot be read or stored of them is left out: none may lose the click."""
    try:
        fields = _parse(_query(request))
    except (UnknownCharset, TooManyFieldsSent):
        return {}
    found: dict[str, Any] = storable.cleaned(_as_object(fields))
    return found


def _parse(raw: bytes, *, charset: str = "") -> Fields:
    try:
        return forms.parse(raw, charset=charset, limit=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS)
    except UnknownCharset:
        raise
    except ValueError:
        raise TooManyFieldsSent from None


def _of_parts(request: HttpRequest, *, charset: str) -> Fields:
    # The names stand in headers, which are in UTF-8: Django would leave out, without a word, a part where they are not.
    boundary = b"--" + (request.content_params or {}).get("boundary", "").encode("latin-1", "replace")
    try:
        for part in request.body.split(boundary):
            part.partition(b"\r\n\r\n")[0].decode()
    except UnicodeDecodeError:
        raise UnknownCharset from None
    request.encoding = "latin-1"  # Django would put a mark in the place of what it cannot decode; so no byte is lost
    sent = [(name, value) for name, values in request.POST.lists() for value in values]
    values = forms.decode([(b"", value.encode("latin-1")) for _, value in sent], charset=charset)
    return [(name.encode("latin-1").decode(), value) for (name, _), (_, value) in zip(sent, values, strict=True)]


def _query(request: HttpRequest | Request) -> bytes:
    return str(request.META.get("QUERY_STRING", "")).encode("latin-1")


def _as_json(fields: Fields) -> bytes:
    return orjson.dumps(_as_object(fields))


def _as_object(fields: Fields) -> dict[str, Any]:
    """Make an object of fields; one that is there several times is a list."""
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
