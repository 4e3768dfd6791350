"""Finding events."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.ids import new_id
from apps.events import internal
from apps.events.models import Event
from tests.factories import EventFactory, ProfileFactory, SessionFactory, SourceFactory

pytestmark = pytest.mark.django_db
EVENTS = reverse("admin:events_event_changelist")


def found(client: Client, **query: object) -> set[Event]:
    answer = client.get(EVENTS, query)
    assert answer.status_code == 200
    return set(answer.context["cl"].result_list)


def test_events_are_found_by_whole_ids_and_types(admin_client: Client) -> None:
    session, profile = SessionFactory(), ProfileFactory()
    of_session = EventFactory(session_id=session.id, profile_id=session.profile_id)
    of_nobody = EventFactory(session_id=new_id())
    of_profile = EventFactory(profile_id=profile.id, type="sign-in")

    assert found(admin_client, q=str(of_profile.id)) == {of_profile}
    assert found(admin_client, q=f" {profile.id} ") == {of_profile}
    assert found(admin_client, q=str(session.id)) == {of_session}
    assert found(admin_client, q=str(of_nobody.session_id)) == {of_nobody}
    assert found(admin_client, q="Sign In") == {of_profile}
    assert found(admin_client, q="sign") == found(admin_client, q=str(new_id())) == set()


def test_filters_narrow_the_list(admin_client: Client) -> None:
    source = SourceFactory()
    old_id = EventFactory(time=datetime(2026, 1, 1, tzinfo=UTC), id=UUID("0190a000-0000-7000-8000-000000000000"))
    fresh = EventFactory(type="sign-in", source_id=source.id)

    assert found(admin_client, type="sign-in") == {fresh}
    assert found(admin_client, source=str(source.id)) == {fresh}
    assert found(admin_client, source="nonsense") == {fresh, old_id}
    assert found(admin_client, received="hour") == found(admin_client, received="week") == {fresh}
    assert found(admin_client, received="nonsense") == {fresh, old_id}


def test_what_arrived_lately_is_told_by_the_id_and_not_by_the_time_of_the_event(admin_client: Client) -> None:
    imported = EventFactory(time=timezone.now() - timedelta(days=300))

    assert found(admin_client, received="hour") == {imported}


def test_what_the_platform_itself_reports_names_it_and_leads_nowhere(admin_client: Client) -> None:
    event = EventFactory.create(id=new_id(), type="segment-entered", source_id=internal.SOURCE_ID)

    for page in (reverse("admin:events_event_changelist"), reverse("admin:events_event_change", args=[event.pk])):
        text = admin_client.get(page).content.decode()
        assert internal.NAME in text
        assert reverse("admin:events_source_change", args=[internal.SOURCE_ID]) not in text
