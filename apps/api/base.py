"""What the views of people share: whom an address names, and what their description says of errors."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound

from apps.core.api.errors import Refused, refused_by
from apps.core.api.shapes import ERROR_RESPONSE
from apps.core.refusal import Refusal
from apps.profiles import ledger
from apps.profiles.models import Profile

View = TypeVar("View", bound=Callable[..., Any])
NOT_YET = {409: ERROR_RESPONSE}  # where people are locked: others may be merging them
ERRORS = dict.fromkeys((400, 401, 403, 404, 413, 415, 422, 503), ERROR_RESPONSE)


def living(profile_id: UUID) -> Profile:
    """Return the profile that an id leads to now. Raises NotFound."""
    profile = Profile.objects.filter(id=ledger.living_id(profile_id)).first()
    if profile is None:
        raise unknown()
    return profile


def unknown() -> NotFound:
    """Say no more than that: nobody learns here whether an id was ever somebody's."""
    return NotFound("There is no such profile.")


@refused_by.register
def _(error: ledger.NotYet) -> Refused:
    return Refused(status.HTTP_409_CONFLICT, Refusal("not_yet", str(error)))


def described(operation_id: str, *, responses: Any, **parts: Any) -> Callable[[View], View]:
    """Describe an operation; `responses` are those of success, errors are the same everywhere."""
    answers = responses if isinstance(responses, dict) else {200: responses}
    return extend_schema(**{"tags": ["Profiles"], **parts}, operation_id=operation_id, responses={**answers, **ERRORS})
