"""What leaves the house: which deliveries there are, what became of them, and what can be done about them."""

from collections.abc import Callable
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.filters import DeliveryFilter
from apps.api.scopes import Scope
from apps.bridges import outbox
from apps.bridges.models import Delivery
from apps.core import audit
from apps.core.api.authentication import actor_of
from apps.core.api.base import KeyView, NewestFirst, SharedView
from apps.core.api.errors import Refused
from apps.core.api.shapes import ERROR_RESPONSE
from apps.core.refusal import Refusal

TAGS: Final = ["Deliveries"]


class TrySerializer(serializers.Serializer[Any]):
    """One try."""

    at = serializers.DateTimeField()
    said = serializers.CharField(help_text="What came of it, in a sentence.")
    status = serializers.IntegerField(allow_null=True, help_text="Of HTTP or SMTP; null: nobody answered.")
    ms = serializers.IntegerField()


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """A delivery, with what it asks of the other side, and what that answered."""

    connection_id = serializers.UUIDField()
    request = serializers.DictField(
        help_text="HTTP: method, path, headers, body. Mail: to, subject, text, html, headers."
    )
    answer = serializers.DictField(allow_null=True, help_text="The last one: said, status, headers, body.")
    tries = TrySerializer(many=True, help_text="The last ten.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried next; null: it is over.")
    error = serializers.CharField(help_text="What was said of the last try, if it failed.")

    class Meta:
        model = Delivery
        fields = (
            *("id", "key", "connection_id", "origin", "origin_id", "parent_id", "profile_id"),
            *("outcome", "error", "created_at", "due_at", "deadline_at", "ended_at", "n_tries", "request"),
            *("answer", "tries"),
        )


class DeliveriesView(SharedView, generics.ListAPIView[Delivery]):
    """List deliveries, the latest first."""

    scopes: ClassVar = {"GET": Scope.DELIVERIES_READ}
    serializer_class = DeliverySerializer
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = DeliveryFilter
    queryset = Delivery.objects.all()

    @described("deliveries_list", responses=DeliverySerializer(many=True), tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List those that the filters leave."""
        return super().get(request, *args, **kwargs)


class DeliveryView(SharedView):
    """One of them."""

    scopes: ClassVar = {"GET": Scope.DELIVERIES_READ}

    @described("delivery", responses=DeliverySerializer, tags=TAGS)
    def get(self, request: Request, delivery_id: UUID) -> Response:
        """Tell what became of it."""
        return Response(DeliverySerializer(_delivery(delivery_id)).data)


class DeliveryRetryView(KeyView):
    """Another try."""

    scopes: ClassVar = {"POST": Scope.DELIVERIES_WRITE}

    @described("delivery_retry", request=None, responses={200: DeliverySerializer, 409: ERROR_RESPONSE}, tags=TAGS)
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Try it at once, under the same key; 409 where it was delivered, or may be on its way.

        A flow that was told how it ended has gone on, and does not come back.
        """
        message = "It was delivered, or is tried within a minute: it may be on its way."
        return _change(request, delivery_id, "retried", outbox.retry, message)


class DeliveryCancelView(KeyView):
    """The end of one that waits."""

    scopes: ClassVar = {"POST": Scope.DELIVERIES_WRITE}

    @described("delivery_cancel", request=None, responses={200: DeliverySerializer, 409: ERROR_RESPONSE}, tags=TAGS)
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Do not send it; 409 where it is over. What is on its way just now may still arrive."""
        return _change(request, delivery_id, "cancelled", outbox.cancel_chosen, "It is over already.")


def _delivery(delivery_id: UUID) -> Delivery:
    row = Delivery.objects.filter(pk=delivery_id).first()
    if row is None:
        raise NotFound("There is no such delivery.")
    return row


def _change(
    request: Request, delivery_id: UUID, verb: str, change: Callable[..., list[UUID]], message: str
) -> Response:
    chosen: QuerySet[Delivery] = Delivery.objects.filter(pk=_delivery(delivery_id).pk)
    with transaction.atomic():
        if not change(chosen, now=timezone.now()):
            raise Refused(status.HTTP_409_CONFLICT, Refusal("not_now", message))
        audit.record(verb, actor=actor_of(request), at=timezone.now(), name="delivery", ids=[str(delivery_id)])
    return Response(DeliverySerializer(_delivery(delivery_id)).data)
