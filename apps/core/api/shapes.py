"""How the description of the APIs tells of shapes that no serializer has, and of errors."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.serializers import BooleanField, CharField, IntegerField


def shape(name: str, /, *, many: bool = False, required: bool = True, **fields: Any) -> serializers.Serializer[object]:
    """Describe an object of this name in the description, by its fields."""
    return inline_serializer(name, fields=fields, many=many, required=required)


ERROR_ITEM: dict[str, Any] = {
    "code": CharField(),
    "message": CharField(),
    "field": CharField(allow_blank=True),
    "index": IntegerField(allow_null=True, help_text="The event's place in the request."),
}
ERROR_RESPONSE = shape(
    "ErrorResponse", success=BooleanField(), errors=shape("ErrorItem", many=True, **ERROR_ITEM), **ERROR_ITEM
)
ERRORS = dict.fromkeys((400, 401, 403, 413, 415, 422, 503), ERROR_RESPONSE)
