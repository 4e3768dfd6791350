"""Bodies that come compressed: what they hold is all that anything behind this sees of them."""

import gzip
import zlib
from io import BytesIO
from typing import Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError

_GZIP: Final = frozenset({"gzip", "x-gzip"})


class UnknownEncoding(APIException):
    """The body is compressed in a way that is not understood here."""

    field = "Content-Encoding"
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported_encoding"
    default_detail = "Content-Encoding must be gzip or deflate; or send the body as it is."


class NotCompressed(ParseError):
    """The body is not what its Content-Encoding says."""

    field = "Content-Encoding"

    def __init__(self, encoding: str) -> None:
        super().__init__(f"The body is not valid {encoding}, ends too early, or goes on after its end.")
        self.default_code = f"invalid_{encoding}"


def unpack(request: HttpRequest) -> None:
    """Put the inflated body in the place of a compressed one; a bomb is stopped at MAX_BODY_BYTES.

    Raises UnknownEncoding, NotCompressed, and RequestDataTooBig.
    """
    named = request.META.get("HTTP_CONTENT_ENCODING", "")
    if not named:
        return
    encoding = ",".join(each for each in map(str.strip, named.lower().split(",")) if each not in ("", "identity"))
    if not encoding:
        return
    if encoding not in _GZIP and encoding != "deflate":
        raise UnknownEncoding
    try:
        inflated = _gunzip(request.body) if encoding in _GZIP else _inflate(request.body)
    except (OSError, EOFError, zlib.error):
        raise NotCompressed("gzip" if encoding in _GZIP else encoding) from None
    if len(inflated) > settings.MAX_BODY_BYTES:
        raise RequestDataTooBig
    request._body = inflated
    del request.META["HTTP_CONTENT_ENCODING"]
    request.META["CONTENT_LENGTH"] = str(len(inflated))


def _gunzip(body: bytes) -> bytes:
    # One stream may have several members, and all of them are read (RFC 1952, 2.2).
    with gzip.GzipFile(fileobj=BytesIO(body)) as stream:
        return stream.read(settings.MAX_BODY_BYTES + 1)


def _inflate(body: bytes) -> bytes:
    # The standard means zlib's format, and some clients send what is inside of it.
    is_zlib = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
    inflated = inflater.decompress(body, settings.MAX_BODY_BYTES + 1)
    if len(inflated) <= settings.MAX_BODY_BYTES and (inflater.unused_data or not inflater.eof):
        raise EOFError
    return inflated
