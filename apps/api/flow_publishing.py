"""What programs do to publish: look at what it would come to, publish a draft, publish an old version again."""

from functools import partial
from typing import Any, ClassVar, Final

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flow_drafts import ProblemSerializer
from apps.api.flow_trials import sees_people
from apps.api.flows import CONFLICT, TAGS, VersionSerializer, definition_for, flow_of
from apps.api.scopes import Scope
from apps.core.api.authentication import actor_of
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.flows.changing import publishing
from apps.flows.changing.publishing import People, Tries
from apps.flows.describing import publication
from apps.flows.models import Flow, FlowVersion
from apps.flows.trying import cases

PAGE: Final = 50  # versions, each with its definition


class ListedVersionSerializer(VersionSerializer):
    """What was published once, and how many are in it."""

    n_inside = serializers.SerializerMethodField()

    class Meta(VersionSerializer.Meta):
        fields = (*VersionSerializer.Meta.fields, "n_inside")
        read_only_fields = fields

    def get_n_inside(self, row: FlowVersion) -> int:
        """Look it up among all that were counted."""
        found: dict[int, int] = self.context["inside"]
        return found.get(row.number, 0)


class VersionsSerializer(serializers.Serializer[Any]):
    """A page of versions, the latest first."""

    results = ListedVersionSerializer(many=True)


class EarlierSerializer(StrictSerializer):
    """Which versions are asked for."""

    before = serializers.IntegerField(
        required=False, min_value=1, help_text="A number: those that were published before it; without, the latest."
    )


class _PeopleSerializer(StrictSerializer):
    """What is to become of those who are inside."""

    people = serializers.ChoiceField(
        [each.value for each in People],
        default=People.FINISH.value,
        help_text="Of those who are inside. finish: they end on their version; move: they go on in the new one at "
        "their next node; leave: their runs end.",
    )
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=publishing.MAX_NOTE, help_text="What has changed."
    )
    ignores_cases = serializers.BooleanField(
        default=False, help_text="Publish it though cases of the flow fail; else 409 (cases_fail) tells which."
    )


class PublishSerializer(_PeopleSerializer):
    """Which draft is to be published."""

    revision = serializers.IntegerField(
        required=False, min_value=0, help_text="`draft_revision` of the draft that is meant; without, the latest."
    )


class RollBackSerializer(_PeopleSerializer):
    """Which version is to be published again."""

    version = serializers.IntegerField(min_value=1, help_text="Its number.")


class WhichSerializer(StrictSerializer):
    """What is to be published."""

    version = serializers.IntegerField(required=False, min_value=1, help_text="Its number; without, the draft.")


class FailingSerializer(serializers.Serializer[Any]):
    """A case that does not come to what is expected of it."""

    id = serializers.UUIDField(source="case.pk")
    name = serializers.CharField(source="case.name")
    failures = serializers.ListField(
        child=serializers.CharField(), help_text="Sentences; how a case of a person fails needs profiles:read."
    )


class WaitingSerializer(serializers.Serializer[Any]):
    """Who is at a node of a version just now."""

    version = serializers.IntegerField()
    node = serializers.CharField()
    name = serializers.CharField()
    n = serializers.IntegerField()
    is_kept = serializers.BooleanField(help_text="Whether what is to be published still has the node.")


class PeopleChoiceSerializer(serializers.Serializer[Any]):
    """What may become of those who are inside."""

    value = serializers.CharField(help_text="`people` of publish and roll-back.")
    title = serializers.CharField()
    help = serializers.CharField()


class PublicationSerializer(serializers.Serializer[Any]):
    """What publishing would come to."""

    revision = serializers.IntegerField(help_text="Of the draft: publish asks for it.")
    version = serializers.IntegerField(allow_null=True, help_text="The number of the one that is published.")
    is_same = serializers.BooleanField(help_text="Whether that says the same: nothing would change.")
    changes = serializers.ListField(child=serializers.CharField(), help_text="Sentences.")
    problems = ProblemSerializer(many=True)
    failing = FailingSerializer(many=True, help_text="Cases; none are tried where there are mistakes.")
    inside = WaitingSerializer(many=True)
    n_inside = serializers.IntegerField()
    n_lost = serializers.IntegerField(help_text="Of these, at nodes that would be gone.")
    choices = PeopleChoiceSerializer(many=True)


class FlowVersionsView(SharedView):
    """What was published."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ}

    @described("flow_versions", parameters=[EarlierSerializer], responses=VersionsSerializer, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """List versions, the latest first: fifty at most. For those before them say `before`, the last number."""
        row, before = flow_of(key), checked(EarlierSerializer, request.query_params.dict()).get("before")
        versions = row.versions.all() if before is None else row.versions.filter(number__lt=before)
        found = {"results": versions.order_by("-number")[:PAGE]}
        context = {"request": request, "inside": publishing.counts_inside(row)}
        return Response(VersionsSerializer(found, context=context).data)


class FlowPublicationView(SharedView):
    """What publishing would come to."""

    scopes: ClassVar = {"GET": Scope.FLOWS_PUBLISH}

    @described("flow_publishing", parameters=[WhichSerializer], responses=PublicationSerializer, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """Tell what would change, who is inside, and which cases fail; nothing is published."""
        row, number = flow_of(key), checked(WhichSerializer, request.query_params.dict()).get("version")
        document = row.draft if number is None else _version(row, number).definition
        told = publication.before(row, document, read=partial(definition_for, request))
        is_tried = not told["is_same"] and all(each.is_warning for each in told["problems"])
        told["failing"] = (
            cases.failing(row, document, now=timezone.now(), sees_people=sees_people(request)) if is_tried else []
        )
        return Response(PublicationSerializer(told).data)


class FlowPublishView(SharedView):
    """Publish the draft."""

    scopes: ClassVar = {"POST": Scope.FLOWS_PUBLISH}

    @described("flow_publish", request=PublishSerializer, responses={201: VersionSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Make the draft the version that people enter. 409 where it has changed, or says what is published."""
        row, found = flow_of(key), checked(PublishSerializer, request.data)
        version = publishing.publish(
            row.pk,
            revision=found.get("revision", row.draft_revision),
            people=People(found["people"]),
            note=found["note"],
            tries=Tries.of(ignores_cases=found["ignores_cases"], sees_people=sees_people(request)),
            actor=actor_of(request),
            now=timezone.now(),
        )
        return Response(VersionSerializer(version, context={"request": request}).data, status=status.HTTP_201_CREATED)


class FlowRollBackView(SharedView):
    """Publish an old version again."""

    scopes: ClassVar = {"POST": Scope.FLOWS_PUBLISH}

    @described("flow_roll_back", request=RollBackSerializer, responses={201: VersionSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Publish what an old version says, under a number of its own; the draft stays."""
        row, found = flow_of(key), checked(RollBackSerializer, request.data)
        version = publishing.roll_back(
            _version(row, found["version"]).pk,
            people=People(found["people"]),
            note=found["note"],
            tries=Tries.of(ignores_cases=found["ignores_cases"], sees_people=sees_people(request)),
            actor=actor_of(request),
            now=timezone.now(),
        )
        return Response(VersionSerializer(version, context={"request": request}).data, status=status.HTTP_201_CREATED)


def _version(row: Flow, number: int) -> FlowVersion:
    found = FlowVersion.objects.filter(flow=row, number=number).first()
    if found is None:
        raise NotFound(f"There is no version {number} of {row.key}.")
    return found
