"""The shapes of the Profile API."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from apps.core.api.base import StrictSerializer
from apps.profiles import decisions
from apps.profiles.consents import State
from apps.profiles.models import ConsentDecision, Identifier, PrivacyRequest, Profile


class ListedProfileSerializer(serializers.ModelSerializer[Profile]):
    """A profile as lists have it: what is known."""

    class Meta:
        model = Profile
        fields: tuple[str, ...] = (
            "id",
            "primary_id",
            "name",
            "email",
            "country",
            "is_anonymous",
            "first_seen_at",
            "last_seen_at",
            "created_at",
            "updated_at",
            "visit_count",
            "event_count",
            "data",
            "traits",
            "interests",
            "consents",
            "stats",
        )
        read_only_fields = fields


class ProfileSerializer(ListedProfileSerializer):
    """A profile as programs read it: what is known, and who said so, and when."""

    provenance = serializers.DictField(
        help_text="Path of a field: [time at which it was said, event id or who set it by hand, source id]."
    )
    consent_states = serializers.SerializerMethodField(
        help_text="What each consent that was decided about is now: given, withdrawn or expired."
    )

    class Meta(ListedProfileSerializer.Meta):
        fields: tuple[str, ...] = (*ListedProfileSerializer.Meta.fields, "consent_states", "provenance")
        read_only_fields = fields

    def get_consent_states(self, row: Profile) -> dict[str, str]:
        """Say what holds now, for `consents` tells what was decided."""
        return decisions.states_of(row, at=timezone.now())


class LookupSerializer(StrictSerializer):
    """An identifier, as anybody writes it."""

    kind = serializers.ChoiceField(choices=Identifier.Kind.choices)
    value = serializers.CharField(max_length=512)


class EditSerializer(StrictSerializer):
    """Fields to set by their dotted paths, such as `traits.plan` or `data.contact.email.main`; null empties one."""

    set = serializers.DictField(allow_empty=False)


class MergeSerializer(StrictSerializer):
    """The profile that is the same person."""

    other_id = serializers.UUIDField()


class EventSerializer(serializers.Serializer[Any]):
    """An event of a profile."""

    id = serializers.UUIDField()
    time = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    type = serializers.CharField()
    source_id = serializers.UUIDField()
    session_id = serializers.UUIDField(allow_null=True)
    journey = serializers.CharField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    properties = serializers.DictField()
    traits = serializers.DictField()


class SegmentSerializer(serializers.Serializer[Any]):
    """A segment that a profile is in."""

    key = serializers.CharField(source="segment.key")
    name = serializers.CharField(source="segment.name")
    since = serializers.DateTimeField(source="entered_at")


class SegmentsSerializer(serializers.Serializer[Any]):
    """The segments that a profile is in, the newest first."""

    results = SegmentSerializer(many=True)


class ConsentStateSerializer(serializers.Serializer[Any]):
    """What somebody has decided about one consent type, and whether it holds now."""

    id = serializers.CharField()
    name = serializers.CharField()
    is_enabled = serializers.BooleanField(help_text="Whether people are still asked.")
    text_version = serializers.IntegerField(help_text="The version of the words that people are shown now.")
    state = serializers.ChoiceField([each.value for each in State], help_text="never: nobody has decided.")
    since = serializers.DateTimeField(allow_null=True, help_text="Since when it is in this state.")
    until = serializers.DateTimeField(allow_null=True, help_text="When it will expire; null: it will not.")
    version = serializers.IntegerField(allow_null=True, help_text="The version of the words that they decided about.")
    source = serializers.CharField(  # type: ignore[assignment]  # the attribute of a field has this name
        allow_null=True, help_text="The id of the source of the latest decision."
    )
    recorded_by = serializers.CharField(allow_null=True, help_text="Who recorded it for the person, if somebody did.")
    reference = serializers.CharField(allow_null=True, help_text="What proves what somebody recorded.")
    holds = serializers.BooleanField(help_text="Granted, and neither withdrawn nor expired; false when not decided.")
    revoke = serializers.DateTimeField(allow_null=True, help_text="When it ends or ended; null: it has no end.")
    decided_at = serializers.DateTimeField(allow_null=True, help_text="Null: nobody has decided.")


class ConsentStatesSerializer(serializers.Serializer[Any]):
    """All consent types that are offered, or that somebody has decided about."""

    results = ConsentStateSerializer(many=True)


class DecideSerializer(StrictSerializer):
    """What a person decided, where, and when."""

    source_id = serializers.CharField(
        max_length=64, help_text="Where they decided: the id of a source, or its write key."
    )
    consents = serializers.DictField(
        allow_empty=False,
        help_text='{id: true, false, or {"revoke": time or null, "text_version": the version that they were shown}}',
    )
    decided_at = serializers.DateTimeField(required=False, help_text="Now, if it is left out.")
    reference = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="What proves it: a ticket, a letter."
    )


class DecisionSerializer(serializers.ModelSerializer[ConsentDecision]):
    """One row of the ledger of consents."""

    class Meta:
        model = ConsentDecision
        fields = (
            "id",
            "profile_id",
            "consent_type_id",
            "is_granted",
            "decided_at",
            "recorded_at",
            "valid_until",
            "text_version",
            "source_id",
            "session_id",
            "event_id",
            "ip",
            "user_agent",
            "actor",
            "reference",
        )
        read_only_fields = fields


class ReferenceSerializer(StrictSerializer):
    """Why something is done with all data of a person."""

    reference = serializers.CharField(
        max_length=200, help_text="Your own: a ticket, a letter. It is on the certificate: no names."
    )


class CertificateSerializer(serializers.ModelSerializer[PrivacyRequest]):
    """What was done about somebody's data. It names nobody: `subject` is a keyed hash of the profile's id."""

    is_finished = serializers.SerializerMethodField(help_text="False: the rest follows in the background.")

    class Meta:
        model = PrivacyRequest
        fields = (
            "id",
            "kind",
            "reference",
            "subject",
            "requested_by",
            "requested_at",
            "finished_at",
            "is_finished",
            "counts",
            "n_ids",
        )
        read_only_fields = fields

    def get_is_finished(self, row: PrivacyRequest) -> bool:
        """Tell whether nothing is left to do."""
        return row.finished_at is not None
