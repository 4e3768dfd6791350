"""What every view for programs shares: the key, or the session, the scope, paging, and the check of what was sent."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, Final

from django.core.exceptions import ValidationError as InvalidValue
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core import reading
from apps.core.api.authentication import AdminSession, HasScope, KeyAuthentication
from apps.core.api.bodies import unpack


class JsonParser(BaseParser):
    """JSON within the limits of bodies; what cannot be written again, such as half of a surrogate pair, is none."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Read the body. Raises ParseError with line and column."""
        try:
            unpack(parser_context["request"]._request)
            return reading.loads(parser_context["request"].body)
        except RecursionError:
            raise ParseError("The body is nested too deep.") from None
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from None


MAX_UNKNOWN: Final = 20  # so many keys are named


class StrictSerializer(serializers.Serializer[Any]):
    """The shape of what a client sends: a key that it does not have is refused.

    Nobody would notice that a misspelt one is left out: what it should narrow would be done to everything.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Read it. Raises ValidationError, by field."""
        unknown = [key for key in data if key not in self.fields] if isinstance(data, Mapping) else []
        told = {str(key): [self._unknown(str(key))] for key in unknown[:MAX_UNKNOWN]}
        try:
            found = super().to_internal_value(data)
        except ValidationError as error:
            others = error.detail if isinstance(error.detail, dict) else {}
            raise ValidationError({**told, **others} or error.detail) from None
        if told:
            raise ValidationError(told)
        return found

    def _unknown(self, key: str) -> str:
        nearest = get_close_matches(key, self.fields, n=1)
        told = f"Did you mean {nearest[0]}?" if nearest else f"There are {', '.join(self.fields)}."
        return f"There is no such field. {told}"


class DescribeStrict(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # its registry is not typed
    """Say in the description of the API, too, that other keys are refused."""

    target_class = StrictSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Describe the fields, and that there are no others."""
        described: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**described, "additionalProperties": False}


class KeyView(APIView):
    """A view for programs: `scopes` names, for each method, the scope that a key must have; others are refused."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (KeyAuthentication,)
    permission_classes = (HasScope,)
    parser_classes = (JsonParser,)
    scopes: ClassVar[dict[str, str]] = {}


class SharedView(KeyView):
    """A view for programs, and for people by the session of the admin, where the scope is for them, too.

    `people_need` names, for a method, the permissions that people need besides those of its scope.
    """

    authentication_classes = (KeyAuthentication, AdminSession)
    people_need: ClassVar[dict[str, tuple[str, ...]]] = {}


class NewestFirst(CursorPagination):
    """Pages by cursor: the next one begins where this one ended, however far back that is."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_page_size(self, request: Request) -> int:
        """Read how many are wanted, at most so many. Raises ValidationError for what is no number of rows."""
        wanted = request.query_params.get("page_size") or str(self.page_size)
        if not (wanted.isascii() and wanted.isdecimal() and wanted.strip("0")):
            raise ValidationError({"page_size": "This must be a whole number from 1 on."})
        return min(int(wanted[:9]), self.max_page_size)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """Read a page. Raises NotFound for a cursor that nobody was given, ValidationError for an unknown filter."""
        filters = getattr(getattr(view, "filterset_class", None), "base_filters", ())
        # A filter that was misspelt would be answered with everybody.
        unknown = set(request.query_params) - {*filters, self.cursor_query_param, self.page_size_query_param}
        if unknown:
            raise ValidationError(dict.fromkeys(sorted(unknown), "There is no such filter."))
        try:
            return super().paginate_queryset(queryset, request, view)
        except InvalidValue:
            raise NotFound(self.invalid_cursor_message) from None


class LatestFirst(NewestFirst):
    """Pages of what has a time, the latest first."""

    ordering = "-time"


def checked(shape: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """Check what a client sent. Raises ValidationError, by field."""
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found
