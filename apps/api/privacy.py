"""All data of a person: a copy of it, its erasure, and the certificate of what was done."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import NOT_YET, described, unknown
from apps.api.scopes import Scope
from apps.api.serializers import CertificateSerializer, ReferenceSerializer
from apps.core.api.authentication import actor_of
from apps.core.api.base import KeyView, checked
from apps.profiles import export
from apps.profiles.jobs import start_erasure
from apps.profiles.models import PrivacyRequest, Profile

ARCHIVE: dict[Any, Any] = {(200, "application/zip"): OpenApiTypes.BINARY, **NOT_YET}
CERTIFICATES = {200: CertificateSerializer, 202: CertificateSerializer, **NOT_YET}


class ExportView(KeyView):
    """All that is known of a person."""

    scopes: ClassVar = {"POST": Scope.PRIVACY_EXPORT}

    @described("profiles_export", request=ReferenceSerializer, responses=ARCHIVE)
    def post(self, request: Request, profile_id: UUID) -> StreamingHttpResponse:
        """Send a ZIP archive of JSON and CSV files, written while it is sent: no copy of it stays here."""
        reference = checked(ReferenceSerializer, request.data)["reference"]
        try:
            made, person = export.begin(profile_id, reference=reference, actor=actor_of(request), at=timezone.now())
        except Profile.DoesNotExist:
            raise unknown() from None
        return StreamingHttpResponse(
            export.stream(person, made),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="person-{made.pk}.zip"'},
        )


class EraseView(KeyView):
    """Erase a person: the profile at once, what is much of the rest in the background."""

    scopes: ClassVar = {"POST": Scope.PRIVACY_ERASE}

    @described("profiles_erase", request=ReferenceSerializer, responses=CERTIFICATES)
    def post(self, request: Request, profile_id: UUID) -> Response:
        """Answer with the certificate; 202 while the rest follows in the background."""
        return _start(request, profile_id, PrivacyRequest.Kind.ERASE)


class AnonymiseView(KeyView):
    """Make a person anonymous: the figures stay."""

    scopes: ClassVar = {"POST": Scope.PRIVACY_ERASE}

    @described("profiles_anonymise", request=ReferenceSerializer, responses=CERTIFICATES)
    def post(self, request: Request, profile_id: UUID) -> Response:
        """Answer with the certificate; 202 while the rest follows in the background."""
        return _start(request, profile_id, PrivacyRequest.Kind.ANONYMISE)


class CertificateView(KeyView, generics.RetrieveAPIView[PrivacyRequest]):
    """What was done about somebody's data, and whether it is finished."""

    scopes: ClassVar = {"GET": Scope.PRIVACY_ERASE}
    queryset = PrivacyRequest.objects.all()
    serializer_class = CertificateSerializer
    lookup_url_kwarg = "request_id"

    @described("privacy_certificate", responses=CertificateSerializer)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the certificate as far as it goes."""
        return super().get(request, *args, **kwargs)


def _start(request: Request, profile_id: UUID, kind: PrivacyRequest.Kind) -> Response:
    reference = checked(ReferenceSerializer, request.data)["reference"]
    try:
        made = start_erasure(profile_id, kind=kind, reference=reference, actor=actor_of(request), at=timezone.now())
    except Profile.DoesNotExist:
        raise unknown() from None
    code = status.HTTP_200_OK if made.finished_at else status.HTTP_202_ACCEPTED
    return Response(CertificateSerializer(made).data, status=code)
