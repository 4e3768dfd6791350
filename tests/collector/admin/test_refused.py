"""What was refused can be seen, fixed and sent again; and how often that was, by day."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events import platform_events
from apps.events.models import (
    ArrivalCount,
    Event,
    EventTypeAlias,
    InboxItem,
    Redirect,
    RefusalCount,
    RefusedEvent,
    Source,
    UnplannedType,
)
from apps.events.store import noticed
from tests.factories import GOOGLEBOT, EventTypeFactory, RedirectFactory, SourceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
REFUSED = reverse("admin:events_refusedevent_changelist")
UNPLANNED = reverse("admin:events_unplannedtype_changelist")


def post(address: str, body: Any, **headers: Any) -> Any:
    """Send a request, let the inbox be emptied, and what was counted be written."""
    answer = APIClient().post(address, body, format="json", **headers)
    accept.ingest(100, at=datetime.now(UTC))
    noticed.flush()
    return answer


def track(source: Source, *events: dict[str, Any], **headers: Any) -> Any:
    return post("/track", {"source": {"id": source.write_key}, "session": {"id": "s"}, "events": events}, **headers)


def page_of(row: RefusedEvent) -> str:
    return reverse("admin:events_refusedevent_change", args=[row.pk])


def stored() -> list[str]:
    return sorted(Event.objects.exclude(type__in=platform_events.leads()).values_list("type", flat=True))


def test_a_refused_event_shows_what_was_sent_by_whom_and_why(admin_client: Client) -> None:
    source = SourceFactory()
    track(source, {"typ": "page-view", "id": "e1", "time": "soon"}, {"type": "a"}, HTTP_USER_AGENT="A phone")

    shown = admin_client.get(page_of(RefusedEvent.objects.get())).content.decode()

    for text in ("events.0.type", "page-view", "e1", "soon", "A phone", source.write_key, "127.0.0.1", "is not empty"):
        assert text in shown


def test_what_was_fixed_is_sent_again_at_its_own_time(admin_client: Client) -> None:
    track(SourceFactory(), {"typ": "page-view", "id": "e1"})
    row = RefusedEvent.objects.get()
    fixed = {**json.loads(row.payload), "events": [{"type": "page-view", "id": "e1"}]}

    answer = admin_client.post(
        page_of(row), {"payload": json.dumps(fixed), "events_refusedevent_save_and_send_again": "1"}
    )
    accept.ingest(10, at=datetime.now(UTC))

    assert answer.status_code == 302
    assert stored() == ["page-view"]
    assert Event.objects.get(type="page-view").received_at == row.received_at
    assert not RefusedEvent.objects.exists()


@pytest.mark.parametrize(
    ("payload", "says"), [("{", "Line 1"), ('{"events": [{}]}', "events.0.type"), ("[]", "object")]
)
def test_what_is_still_wrong_is_not_saved(admin_client: Client, payload: str, says: str) -> None:
    track(SourceFactory(), {"typ": "page-view"})
    row = RefusedEvent.objects.get()

    shown = admin_client.post(page_of(row), {"payload": payload}).content.decode()

    assert says in shown
    assert RefusedEvent.objects.get().payload == row.payload


def test_several_are_sent_again_once_the_reason_is_gone(admin_client: Client) -> None:
    EventTypeAlias.objects.create(type="x")
    source = SourceFactory()
    post("/v1/batch", {"writeKey": source.write_key, "batch": [{"type": "track", "userId": "u", "event": "X"}] * 2})
    EventTypeAlias.objects.all().delete()

    rows = [row.pk for row in RefusedEvent.objects.all()]

    admin_client.post(REFUSED, {"action": "send_again", "_selected_action": rows})
    accept.ingest(10, at=datetime.now(UTC))

    assert stored() == ["x", "x"]
    assert not RefusedEvent.objects.exists()


def test_who_may_only_look_sends_nothing_again(client: Client) -> None:
    user = User.objects.create(username="mia", is_staff=True)
    user.groups.add(Group.objects.get(name="Marketer"))
    client.force_login(user)
    track(SourceFactory(), {"typ": "page-view"})

    client.post(REFUSED, {"action": "send_again", "_selected_action": [RefusedEvent.objects.get().pk]})

    assert not InboxItem.objects.exists()


def test_refusals_are_counted_by_day_source_and_reason_before_there_is_an_event(admin_client: Client) -> None:
    source, hook = SourceFactory(allowed_origins=["https://shop.example"]), SourceFactory(kind=Source.Kind.WEBHOOK)
    key = {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{source.write_key}:".encode()).decode()}
    for _ in range(2):
        post("/track", {"source": {"id": "no-such-key"}, "events": [{"type": "a"}]})
    track(source, {"type": "a"}, HTTP_ORIGIN="https://other.example")
    track(source, {"type": "a"}, HTTP_USER_AGENT=GOOGLEBOT)
    for address, headers in (("/track", {}), ("/v1/track", key), (f"/collect/order/{hook.id}", {})):
        APIClient().post(address, "{broken", content_type="application/json", **headers)
    noticed.flush()

    rows = RefusalCount.objects.order_by("code", "id").values_list("code", "source_id", "key", "count")
    assert set(rows) == {
        ("bot", source.id, "", 1),
        ("invalid_json", None, "", 1),
        ("invalid_json", source.id, "", 1),
        ("invalid_json", hook.id, "", 1),
        ("origin_not_allowed", source.id, "", 1),
        ("unknown_source", None, "no-such-key", 2),
    }
    shown = admin_client.get(reverse("admin:events_refusalcount_changelist")).content.decode()
    assert "no-such-key" in shown
    assert "There is no such source." in shown


def test_of_names_that_strangers_make_up_only_so_many_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.events.store.noticed.MAX_NAMES", 2)
    for name in ("a", "b", "c", "a", "d"):
        post("/track", {"source": {"id": name}, "events": [{"type": "a"}]})

    assert sorted(RefusalCount.objects.values_list("key", "count")) == [("", 2), ("a", 2), ("b", 1)]


def test_arrivals_are_counted_in_five_minutes_and_history_and_the_platform_are_left_out() -> None:
    source, other = SourceFactory(), SourceFactory()
    track(source, {"type": "a"}, {"type": "b"}, {"no": "type"})
    track(source, {"type": "a"})
    body = {"source": {"id": other.write_key}, "session": {"id": "s"}, "events": [{"type": "a"}]}
    post("/track", {**body, "options": {"historical": True}})

    [row] = ArrivalCount.objects.all()
    assert (row.source_id, row.taken, row.refused) == (source.id, 3, 1)
    now = datetime.now(UTC)
    assert row.at <= row.latest_at <= now
    assert row.at.minute % 5 == row.at.second == row.at.microsecond == 0
    assert now - row.at < timedelta(minutes=6)


def test_of_what_is_no_json_the_source_has_the_refusal_and_no_arrival() -> None:
    source = SourceFactory()
    key = {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{source.write_key}:".encode()).decode()}
    APIClient().post("/v1/track", "{broken", content_type="application/json", **key)
    noticed.flush()

    [row] = ArrivalCount.objects.all()
    assert (row.taken, row.refused, row.latest_at) == (0, 1, None)


def test_types_that_nobody_planned_are_listed_with_what_may_be_meant(admin_client: Client) -> None:
    source, other = SourceFactory(), SourceFactory()
    track(source, {"type": "Sale Compleeted"}, {"type": "sale-compleeted"}, {"type": "page-view"})
    track(other, {"type": "sale-compleeted"})
    track(source, {"type": "sale-compleeted"})

    assert sorted(UnplannedType.objects.values_list("type", "source_id", "count")) == sorted(
        [("sale-compleeted", source.id, 3), ("sale-compleeted", other.id, 1)]
    )
    shown = admin_client.get(UNPLANNED).content.decode()
    assert "becomes=sale-completed" in shown
    assert "type=sale-compleeted&amp;name=Sale+compleeted" in shown
    form = admin_client.get(reverse("admin:events_eventtype_add") + "?type=sale-compleeted&name=Sale").content.decode()
    assert 'value="sale-compleeted"' in form


def test_a_type_that_is_blocked_is_refused_by_name_and_leaves_the_list(admin_client: Client) -> None:
    source = SourceFactory()
    track(source, {"type": "noise"})

    admin_client.post(UNPLANNED, {"action": "block", "_selected_action": [UnplannedType.objects.get().pk]})
    answer = track(source, {"type": "Noise"}, {"type": "page-view"})

    assert [(error["code"], error["field"]) for error in answer.json()["errors"]] == [("blocked_type", "events.0.type")]
    assert stored() == ["noise", "page-view"]
    assert "noise" not in admin_client.get(UNPLANNED).content.decode()


def test_a_type_that_is_probably_mistyped_is_stored_and_its_sender_is_told_which_is_meant() -> None:
    source = SourceFactory()

    answer = track(source, {"type": "page-view"}, {"type": "Order Compleeted"}, {"type": "brand new thing"}).json()

    [warning] = answer["warnings"]
    assert (warning["code"], warning["field"], warning["index"]) == ("unplanned", "events.1.type", 1)
    assert "Did you mean order-completed?" in warning["message"]
    assert stored() == ["brand-new-thing", "order-compleeted", "page-view"]
    key = base64.b64encode(f"{source.write_key}:".encode()).decode()
    message = {"userId": "u", "event": "Order Compleeted"}
    early = post("/v1/track", message, HTTP_AUTHORIZATION=f"Basic {key}").json()
    assert [(each["code"], each["field"]) for each in early["warnings"]] == [("unplanned", "event")]

    EventTypeFactory(type="order-compleeted")
    assert track(source, {"type": "Order Compleeted", "id": "e2"}).json()["warnings"] == []


@pytest.mark.parametrize(
    ("name", "field", "form"),
    [
        ("eventtypealias", "becomes", {"type": "order-compleeted"}),
        ("redirect", "event_type", {"name": "Sale", "url": "https://shop.example/", "properties": "{}"}),
    ],
)
def test_a_type_that_there_is_not_is_refused_with_the_nearest_until_it_is_defined(
    admin_client: Client, name: str, field: str, form: dict[str, str]
) -> None:
    source = SourceFactory(kind=Source.Kind.REDIRECT)
    add = reverse(f"admin:events_{name}_add")
    wanted = {**form, "source": source.pk, field: "Order Completd"}

    errors = admin_client.post(add, wanted).context["adminform"].form.errors

    assert list(errors) == [field]
    assert "There is no event type order-completd" in errors[field][0]
    assert "Did you mean order-completed?" in errors[field][0]
    assert "keep theirs" in admin_client.get(add).content.decode()
    EventTypeFactory(type="order-completd")
    assert admin_client.post(add, wanted).status_code == 302


def test_a_link_whose_type_is_no_more_can_be_switched_off_all_the_same(admin_client: Client) -> None:
    link = RedirectFactory(event_type="link-clickd")
    form = {"name": link.name, "source": link.source_id, "url": link.url, "event_type": "link-clickd"}

    answer = admin_client.post(reverse("admin:events_redirect_change", args=[link.pk]), {**form, "properties": "{}"})

    assert answer.status_code == 302
    assert not Redirect.objects.get().is_enabled


def test_a_type_that_is_mapped_becomes_the_other_one(admin_client: Client) -> None:
    add = reverse("admin:events_eventtypealias_add")
    assert 'value="sale-completed"' in admin_client.get(f"{add}?type=sold&becomes=sale-completed").content.decode()

    assert admin_client.post(add, {"type": "Sold", "becomes": "Sale Completed"}).status_code == 302
    source = SourceFactory()
    track(source, {"type": "SOLD", "properties": {"id": "o1"}})

    assert stored() == ["sale-completed"]
    for wrong in (
        {"type": "x", "becomes": "x"},
        {"type": "x", "becomes": "sold"},
        {"type": "sale-completed"},
        {"type": "x", "becomes": "Segment Entered"},
    ):
        assert admin_client.post(add, wrong).status_code == 200
    page = reverse("admin:events_eventtypealias_change", args=["sold"])
    assert admin_client.post(page, {"becomes": ""}).status_code == 302
    assert track(source, {"type": "sold"}).json()["code"] == "blocked_type"
