"""What goes wrong has one shape, whoever raised it; an app says how its own is answered."""

from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from apps.core.api.errors import Refused, handle, refused_by
from apps.core.refusal import Refusal


class Closed(Exception):
    """What the verb of some app raises."""


class ClosedForLunch(Closed):
    """What nobody has spoken of."""


@refused_by.register
def _(error: Closed) -> Refused:
    return Refused(423, Refusal("closed", "Come again.", "time"))


def answered(error: Exception) -> Response:
    found = handle(error, {"view": None})
    assert found is not None
    return found


@pytest.mark.parametrize("error", [Closed(), ClosedForLunch()])
def test_an_app_says_how_what_it_raises_is_answered(error: Exception) -> None:
    found = answered(error)

    item = {"code": "closed", "message": "Come again.", "field": "time", "index": None}
    assert (found.status_code, found.data) == (423, {**item, "success": False, "errors": [item]})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refused(401, Refusal("unknown", "Who?")), 401, "unknown"),
        (NotFound("Nobody."), 404, "not_found"),
        (RequestDataTooBig(), 413, "too_large"),
        (OperationalError("no route to 10.0.0.7"), 503, "unavailable"),
    ],
)
def test_errors_of_all_kinds_have_one_shape(error: Exception, status: int, code: str) -> None:
    found = answered(error)

    assert (found.status_code, found.data["code"]) == (status, code)
    assert set(found.data) == {"success", "code", "message", "field", "index", "errors"}
    assert "10.0.0.7" not in str(found.data)
    assert found.get("Retry-After") == ("5" if status == 503 else None)


def test_each_mistake_of_a_body_is_told_with_the_path_of_its_field() -> None:
    detail: Any = {"set": {"traits.plan": ["Too long.", "Odd."]}, "other": ["Required."]}

    found = answered(ValidationError(detail))

    told = [(each["field"], each["message"]) for each in found.data["errors"]]
    assert found.status_code == 422
    assert told == [("set.traits.plan", "Too long."), ("set.traits.plan", "Odd."), ("other", "Required.")]


def test_what_nobody_expected_is_left_to_django() -> None:
    assert handle(LookupError("secret"), {"view": None}) is None
