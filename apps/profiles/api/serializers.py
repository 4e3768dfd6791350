"""The shapes of the Profile API."""

from typing import Any

from rest_framework import serializers

from apps.profiles.models import Identifier, Profile


class ProfileSerializer(serializers.ModelSerializer[Profile]):
    """A profile as programs read it: what is known, and who said so, and when."""

    provenance = serializers.DictField(
        help_text="Path of a field: [time at which it was said, event id or who set it by hand, source id]."
    )

    class Meta:
        model = Profile
        fields = (
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
            "provenance",
        )
        read_only_fields = fields


class LookupSerializer(serializers.Serializer[Any]):
    """An identifier, as anybody writes it."""

    kind = serializers.ChoiceField(choices=Identifier.Kind.choices)
    value = serializers.CharField(max_length=512)


class EditSerializer(serializers.Serializer[Any]):
    """Fields to set by their dotted paths, such as `traits.plan` or `data.contact.email.main`; null empties one."""

    set = serializers.DictField(allow_empty=False)


class MergeSerializer(serializers.Serializer[Any]):
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
