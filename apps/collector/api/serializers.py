"""The shapes of requests and answers, for the API's description; the collector reads bodies itself, for speed."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.serializers import BooleanField, CharField, ChoiceField, DictField, IntegerField, ListField


def _shape(name: str, /, *, many: bool = False, required: bool = True, **fields: Any) -> serializers.Serializer[object]:
    return inline_serializer(name, fields=fields, many=many, required=required)


REFERENCE: dict[str, Any] = {"id": CharField(allow_null=True)}
ERROR_ITEM: dict[str, Any] = {
    "code": CharField(),
    "message": CharField(),
    "field": CharField(allow_blank=True),
    "index": IntegerField(allow_null=True, help_text="The event's place in the request."),
}

EVENT_REQUEST: dict[str, Any] = {
    "type": CharField(max_length=128),
    "id": CharField(required=False, help_text="Yours; a second event with the same id changes nothing."),
    "properties": DictField(required=False),
    "context": DictField(required=False),
    "tags": ListField(child=CharField(), required=False),
    "time": _shape(
        "EventTime", required=False, create=CharField(required=False, help_text="ISO 8601 or milliseconds.")
    ),
}

TRACK_REQUEST = _shape(
    "TrackRequest",
    source=_shape("SourceReference", id=CharField(help_text="The id of a source, or its write key.")),
    session=_shape("SessionReference", required=False, **REFERENCE),
    profile=_shape("ProfileReference", required=False, **REFERENCE),
    events=_shape("EventRequest", many=True, **EVENT_REQUEST),
    context=DictField(required=False),
    properties=DictField(required=False),
    options=DictField(
        required=False, help_text="async, saveEvents, saveSession, saveProfile, debugger, historical: booleans."
    ),
)

TRACK_RESPONSE = _shape(
    "TrackResponse",
    task=CharField(),
    ux=ListField(child=DictField()),
    response=DictField(),
    events=ListField(child=CharField()),
    profile=_shape("ProfileAnswer", required=False, **REFERENCE),
    session=_shape("SessionAnswer", **REFERENCE),
    errors=_shape("TrackError", many=True, **ERROR_ITEM),
    warnings=_shape("TrackWarning", many=True, **ERROR_ITEM),
)

# A message of Segment's specification; `batch` takes {"batch": [messages with their type]}.
MESSAGE_REQUEST = _shape(
    "MessageRequest",
    userId=CharField(required=False),
    anonymousId=CharField(required=False),
    messageId=CharField(required=False),
    event=CharField(required=False),
    timestamp=CharField(required=False),
    sentAt=CharField(required=False),
    writeKey=CharField(required=False),
    properties=DictField(required=False),
    traits=DictField(required=False),
    context=DictField(required=False),
    batch=ListField(child=DictField(), required=False),
)

CONSENT: dict[str, Any] = {
    "id": CharField(),
    "name": CharField(),
    "description": CharField(help_text="What people agree to."),
    "text_version": IntegerField(),
    "default_value": ChoiceField(choices=["grant", "deny"], help_text="What the form shows at first."),
    "required": BooleanField(help_text="The form cannot be sent without it."),
    "revokable": BooleanField(),
    "tags": ListField(child=CharField()),
}
CONSENT_TYPES_RESPONSE = _shape(
    "ConsentTypesResponse", total=IntegerField(), result=_shape("Consent", many=True, **CONSENT)
)
CONSENT_REQUEST = _shape(
    "ConsentRequest",
    source=_shape("ConsentSource", id=CharField(help_text="The id of a source, or its write key.")),
    session=_shape("ConsentSession", id=CharField()),
    profile=_shape("ConsentProfile", id=CharField()),
    consents=DictField(child=BooleanField(), required=False, help_text="Consent types by id: agreed or not."),
)
CONSENT_RESPONSE = _shape(
    "ConsentResponse",
    success=BooleanField(),
    profile=_shape("ConsentedProfile", id=CharField()),
    consents=DictField(help_text='{id: {"revoke": the time at which it ends, or null}}'),
)

ACCEPTED_RESPONSE = _shape(
    "AcceptedResponse",
    success=BooleanField(),
    errors=_shape("MessageError", many=True, required=False, **ERROR_ITEM),
)

ERROR_RESPONSE = _shape(
    "ErrorResponse", success=BooleanField(), errors=_shape("ErrorItem", many=True, **ERROR_ITEM), **ERROR_ITEM
)
ERRORS = dict.fromkeys((400, 401, 403, 413, 422, 503), ERROR_RESPONSE)
