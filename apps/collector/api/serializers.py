"""The shapes of requests and answers, for the API's description; the collector reads bodies itself, for speed."""

from typing import Any

from rest_framework.serializers import BooleanField, CharField, ChoiceField, DictField, IntegerField, ListField

from apps.collector.wire.sdk import TYPES
from apps.core.api.shapes import ERROR_ITEM, shape

REFERENCE: dict[str, Any] = {"id": CharField(allow_null=True)}
EVENT_REQUEST: dict[str, Any] = {
    "type": CharField(max_length=128),
    "id": CharField(required=False, help_text="Yours; a second event with the same id changes nothing."),
    "properties": DictField(required=False),
    "context": DictField(required=False),
    "tags": ListField(child=CharField(), required=False),
    "time": shape("EventTime", required=False, create=CharField(required=False, help_text="ISO 8601 or milliseconds.")),
}

TRACK_REQUEST = shape(
    "TrackRequest",
    source=shape("SourceReference", id=CharField(help_text="The id of a source, or its write key.")),
    session=shape("SessionReference", required=False, **REFERENCE),
    profile=shape("ProfileReference", required=False, **REFERENCE),
    events=shape("EventRequest", many=True, **EVENT_REQUEST),
    context=DictField(required=False),
    properties=DictField(required=False),
    options=DictField(
        required=False,
        help_text="async, answer, saveEvents, saveSession, saveProfile, debugger, historical: true, false, or texts.",
    ),
)

TRACK_RESPONSE = shape(
    "TrackResponse",
    task=CharField(),
    ux=ListField(child=DictField()),
    response=DictField(),
    events=ListField(child=CharField()),
    profile=shape("ProfileAnswer", required=False, **REFERENCE),
    session=shape("SessionAnswer", **REFERENCE),
    errors=shape("TrackError", many=True, **ERROR_ITEM),
    warnings=shape("TrackWarning", many=True, **ERROR_ITEM),
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
MESSAGE_REQUEST = shape("Message", **MESSAGE, **WRITE_KEY)
BATCH_REQUEST = shape(
    "Batch",
    batch=shape("MessageOfBatch", many=True, type=ChoiceField(choices=list(TYPES)), **MESSAGE),
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
CONSENT_TYPES_RESPONSE = shape(
    "ConsentTypesResponse", total=IntegerField(), result=shape("Consent", many=True, **CONSENT)
)
CONSENT_REQUEST = shape(
    "ConsentRequest",
    source=shape("ConsentSource", id=CharField(help_text="The id of a source, or its write key.")),
    session=shape("ConsentSession", id=CharField()),
    profile=shape("ConsentProfile", id=CharField()),
    consents=DictField(child=BooleanField(), required=False, help_text="Consent types by id: agreed or not."),
)
CONSENT_RESPONSE = shape(
    "ConsentResponse",
    success=BooleanField(),
    profile=shape("ConsentedProfile", id=CharField()),
    consents=DictField(help_text='{id: {"revoke": the time at which it ends, or null}}'),
)

ACCEPTED_RESPONSE = shape(
    "AcceptedResponse",
    success=BooleanField(),
    errors=shape("MessageError", many=True, required=False, **ERROR_ITEM),
    warnings=shape("MessageWarning", many=True, required=False, **ERROR_ITEM),
)
