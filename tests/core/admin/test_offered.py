"""What the pages of the admin offer is done for whoever it is offered to."""

import re
from html import unescape

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse

from apps.core import roles
from tests.factories import ComputedTraitFactory, EventTypeFactory, MembershipFactory, ProfileFactory, SegmentFactory
from tests.profiles.test_privacy_pages import client_of
from tests.shop import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


@pytest.mark.parametrize("role", roles.names())
def test_no_button_is_shown_to_those_whom_it_refuses(role: str) -> None:
    Shop().track({"type": "parcel-weighed", "properties": {"weight": 3}}, session="phone")
    membership = MembershipFactory(segment=SegmentFactory(), profile_id=ProfileFactory().pk)
    pages = [
        reverse("admin:events_eventtype_change", args=[EventTypeFactory(type="parcel-weighed").pk]),
        reverse("admin:events_eventtype_add"),
        reverse("admin:events_computedtrait_change", args=[quote(ComputedTraitFactory().pk)]),
        reverse("admin:events_computedtrait_add"),
        reverse("admin:segments_overview", args=[membership.segment_id]),
        reverse("admin:profiles_profile_change", args=[membership.profile_id]),
    ]
    client, n_tried = client_of(role), 0
    client.raise_request_exception = False

    for page in pages:
        answer = client.get(page)
        assert answer.status_code in (200, 403)
        shown = answer.content.decode() if answer.status_code == 200 else ""
        for verb, address in re.findall(r'hx-(get|post)="([^"]+)"', shown):
            assert getattr(client, verb)(unescape(address)).status_code != 403, (page, address)
            n_tried += 1
    assert n_tried > 0
    assert ("Try on recent events" in client.get(pages[0]).content.decode()) == (role in {"Administrator", "Developer"})
