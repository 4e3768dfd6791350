"""The shapes of requests and answers, for the API's description; the collector reads bodies itself, for speed."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.serializers import BooleanField, CharField, ChoiceField, DictField, IntegerField, ListField

from apps.collector.wire.segment import TYPES


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
        required=False,
        help_text="async, saveEvents, saveSession, saveProfile, debugger, historical: booleans, or texts of them.",
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

# A message of Segment's specification.
MESSAGE: dict[str, Any] = {
    "userId": CharField(required=False, help_text="Who it is; this or anonymousId is required."),
    "anonymousId": CharField(required=False),
    "messageId": CharField(required=False, help_text="A second message with the same id changes nothing."),
    "event": CharField(required=False, help_text="Of track: the name of the event."),
    "name": CharField(required=False, help_text="Of page and screen."),
    "category": CharField(required=False, help_text="Of page and screen."),
    "groupId": CharField(required=False, help_text="Of group."),
    "previousId": CharField(required=False, help_text="Of alias."),
    "timestamp": CharField(required=False),
    "originalTimestamp": CharField(required=False),
    "sentAt": CharField(required=False),
    "properties": DictField(required=False),
    "traits": DictField(required=False),
    "context": DictField(required=False),
}
WRITE_KEY: dict[str, Any] = {"writeKey": CharField(required=False, help_text="Where no header has it.")}
MESSAGE_REQUEST = _shape("Message", **MESSAGE, **WRITE_KEY)
BATCH_REQUEST = _shape(
    "Batch",
    batch=_shape("MessageOfBatch", many=True, type=ChoiceField(choices=list(TYPES)), **MESSAGE),
    context=DictField(required=False, help_text="Of all messages."),
    sentAt=CharField(required=False),
    historical=BooleanField(required=False, help_text="An import: sets nothing in motion."),
    **WRITE_KEY,
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
    warnings=_shape("MessageWarning", many=True, required=False, **ERROR_ITEM),
)

ERROR_RESPONSE = _shape(
    "ErrorResponse", success=BooleanField(), errors=_shape("ErrorItem", many=True, **ERROR_ITEM), **ERROR_ITEM
)
ERRORS = dict.fromkeys((400, 401, 403, 413, 415, 422, 503), ERROR_RESPONSE)
