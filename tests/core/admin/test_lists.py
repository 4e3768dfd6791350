"""Every list and page of the admin: as many statements for many rows as for few, and never somebody else's markup."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.ids import new_id
from apps.events.models import EventType, RefusedEvent, Source
from tests.factories import (
    NOON,
    AliasFactory,
    EventFactory,
    IdentifierFactory,
    InboxItemFactory,
    ProfileFactory,
    RedirectFactory,
    SessionFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"


def event() -> Any:
    source, session = SourceFactory(name=f"{EVIL}{new_id()}"), SessionFactory()
    tree = {EVIL: [EVIL, {"page": EVIL}], "name": EVIL, "page": {"url": EVIL, "title": EVIL}}
    return EventFactory(
        source_id=source.id,
        session_id=session.id,
        profile_id=session.profile_id,
        type=EVIL,
        journey=EVIL,
        tags=[EVIL],
        message_id=EVIL,
        properties=tree,
        traits=tree,
        context=tree,
        problems=[{"field": EVIL, "message": EVIL}],
    )


def profile() -> Any:
    found = ProfileFactory(
        name=EVIL,
        email=EVIL,
        primary_id=EVIL,
        country=EVIL,
        is_anonymous=False,
        data={"pii": {"firstname": EVIL}, "contact": {"app": {"other": {EVIL: EVIL}}}},
        traits={EVIL: EVIL},
        interests={EVIL: 1},
        consents={EVIL: {"revoke": EVIL}},
        provenance={"data.pii.firstname": [NOON.isoformat(), str(new_id())]},
    )
    AliasFactory(profile=found)
    IdentifierFactory(profile=found)
    session(profile=found)
    EventFactory(profile_id=found.id, type=EVIL, properties={"name": EVIL}, journey=EVIL, tags=[EVIL])
    return found


def session(**values: Any) -> Any:
    texts = ("client_id", "channel", "entry_page", "exit_page", "referrer", "language", "country")
    trees = ("device", "os", "app", "utm", "geo", "context", "properties")
    tree = dict.fromkeys(("name", "type", "source", "medium", "campaign", "resolution", EVIL), EVIL)
    found = SessionFactory(**dict.fromkeys(texts, EVIL), **{name: dict(tree) for name in trees}, **values)
    EventFactory(session_id=found.id, profile_id=found.profile_id, type=EVIL)
    return found


def inbox_item() -> Any:
    body = f'{{"{EVIL}": "{EVIL}"}}'
    return InboxItemFactory(source_id=SourceFactory(name=f"{EVIL}{new_id()}").id, body=body, error=EVIL, dead_at=NOON)


def refused() -> Any:
    values = dict.fromkeys(("field", "message", "payload"), EVIL)
    source = SourceFactory(name=f"{EVIL}{new_id()}")
    return RefusedEvent.objects.create(source_id=source.id, received_at=NOON, code=EVIL, **values)


def source() -> Any:
    found = SourceFactory(name=f"{EVIL}{new_id()}", description=EVIL, channel=EVIL, kind=Source.Kind.REDIRECT)
    EventFactory(source_id=found.id)
    return found


def event_type() -> Any:
    return EventType.objects.create(type=f"{EVIL}{new_id()}", name=EVIL, group=EVIL, definition={EVIL: EVIL})


MAKERS: dict[str, Callable[[], Any]] = {
    "events_event": event,
    "events_eventtype": event_type,
    "events_inboxitem": inbox_item,
    "events_refusedevent": refused,
    "events_source": source,
    "events_redirect": lambda: RedirectFactory(name=f"{EVIL}{new_id()}", event_type=EVIL, properties={EVIL: EVIL}),
    "profiles_profile": profile,
    "cdp_sessions_session": session,
}


def opened(client: Client, address: str) -> tuple[str, int]:
    """Open a page, and return what is on it and the number of statements that it took."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode(), len(captured)


@pytest.mark.parametrize("page", MAKERS)
def test_a_list_takes_as_many_statements_for_many_rows_as_for_one(admin_client: Client, page: str) -> None:
    address = reverse(f"admin:{page}_changelist")
    MAKERS[page]()
    opened(admin_client, address)  # fills caches
    _, for_one = opened(admin_client, address)

    for _ in range(5):
        MAKERS[page]()

    assert opened(admin_client, address)[1] == for_one


@pytest.mark.parametrize("page", MAKERS)
def test_what_others_wrote_is_no_markup_on_lists_and_pages(admin_client: Client, page: str) -> None:
    row = MAKERS[page]()

    for address in (reverse(f"admin:{page}_changelist"), reverse(f"admin:{page}_change", args=[row.pk])):
        content, _ = opened(admin_client, address)
        assert EVIL not in content, address
        assert "&lt;script&gt;alert(1)" in content, address
