"""The way to a back-fill in the admin: a form, a dry run, the start; and from its task to undoing it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.core.ids import new_id
from apps.core.models import AuditEntry, Task
from apps.events.backfill import dry_run
from apps.events.backfill.selection import TRAITS
from tests.events.backfill.acting import carry_on, happened, plan_type, run, start, traits_of
from tests.factories import EventTypeFactory, ProfileFactory, SourceFactory

LIST = reverse("admin:events_event_changelist")
FROM_LIST = reverse("admin:events_event_backfill")
PLAN = {"fields_copied": ["traits.plan"]}


def address(action: str = "copy-to-profiles") -> str:
    return reverse("admin:events_eventtype_change", args=["plan-chosen"]).replace("change/", f"{action}/")


def plan_is_set(**more: Any) -> None:
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}, **more}, traits={"data.plan": "plan"})


def colleague(*permissions: str) -> Client:
    """Sign somebody in who may do no more than this."""
    user = User.objects.create_user("otto", is_staff=True)
    names = [permission.partition(".")[2] for permission in permissions]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("action", ["index-traits", "copy-to-profiles"])
def test_a_dry_run_comes_before_the_start(admin: Client, action: str) -> None:
    plan_is_set()
    happened(ProfileFactory(name="Anna Berg"), {"plan": "pro"})

    form = admin.get(address(action)).content.decode()
    tried = admin.post(address(action), {**PLAN, "since": "2026-01-01"}).content.decode()

    assert "no flow starts" in form
    assert "no flow starts" in tried
    assert not Task.objects.exists()
    started = admin.post(address(action), {**PLAN, "since": "2026-01-01", "start": ""})
    task = Task.objects.get()
    assert started["Location"] == reverse("admin:core_task_change", args=[task.pk])
    assert (task.kind, task.requested_by) == (action, "admin")
    assert task.params["since"] == "2026-01-01T00:00:00+00:00"
    assert AuditEntry.objects.get(action="backfilled").details["task"] == str(task.pk)


def test_a_dry_run_shows_people_before_and_after_and_changes_nothing(admin: Client) -> None:
    plan_is_set(**{"data.pii.birthday": {"equals": "properties.birthday"}})
    anna = ProfileFactory(name="Anna Berg", traits={"plan": "older"})
    event = happened(anna, {"plan": "newer", "birthday": "someday"})

    page = admin.post(address(), {"fields_copied": ["traits.plan", "data.pii.birthday"]}).content.decode()

    for told in ("Anna Berg", "older", "newer", "data.pii.birthday", "Expected a date", str(event.pk)):
        assert told in page
    assert traits_of(anna) == {"plan": "older"}


def test_who_may_not_see_personal_data_sees_which_fields_change(db: None) -> None:
    plan_is_set(
        **{"data.pii.birthday": {"equals": "properties.birthday"}, "traits.note": {"equals": "properties.note"}}
    )
    happened(ProfileFactory(name="Anna Berg"), {"note": "secret words", "birthday": "someday"})
    otto = colleague("events.change_eventtype", "events.view_eventtype", "events.view_event")

    page = otto.post(address(), {"fields_copied": ["traits.note", "data.pii.birthday"]}).content.decode()

    assert "traits.note" in page
    for hidden in ("Anna Berg", "secret words", "someday"):
        assert hidden not in page


def test_who_may_not_see_personal_data_sees_no_field_whose_name_is_such(db: None) -> None:
    plan_is_set(**{"traits.known": {"equals": "properties.known"}})
    happened(ProfileFactory(), {"known": {"otto@example.com": True}, "plan": "pro"})
    ben = colleague("events.change_eventtype", "events.view_eventtype", "events.view_event")

    page = ben.post(address(), {"fields_copied": ["traits.known", "traits.plan"]}).content.decode()

    assert "traits.…" in page
    assert "traits.plan" in page
    assert "otto@example" not in page


def test_a_dry_run_says_where_it_estimates(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_is_set()
    happened(ProfileFactory(), {"plan": "pro"})
    monkeypatch.setattr(dry_run, "COUNT_SECS", 0)

    def too_slow(*_: Any) -> Any:
        raise dry_run.TooSlow

    monkeypatch.setattr(dry_run, "at_most", too_slow)

    page = admin.post(address(), PLAN).content.decode()

    assert "estimate of the database" in page
    assert "It took too long to look at some" in page


def test_what_is_asked_can_be_changed_after_the_dry_run(admin: Client) -> None:
    plan_is_set()

    page = admin.post(address(), {**PLAN, "since": "2026-01-01", "mode": "only_empty", "change": ""}).content.decode()

    assert 'value="2026-01-01"' in page
    assert "Show what would change" in page


def test_what_cannot_be_done_is_said_at_its_field(admin: Client) -> None:
    plan_type(profile={"stats.n": {"increment": 1}})

    page = admin.post(address(), {"since": "2026-02-01", "until": "2026-01-01", "rate": "0"}).content.decode()
    assert "greater than or equal to 1" in page
    page = admin.post(address(), {"since": "2026-02-01", "until": "2026-01-01"}).content.decode()
    assert "ends before it begins" in page
    page = admin.post(address(), {"start": ""}).content.decode()
    assert "change no field that can be copied again" in page
    assert not Task.objects.exists()


def test_no_field_is_not_every_field(admin: Client) -> None:
    plan_is_set()

    page = admin.post(address(), {"start": ""}).content.decode()

    assert "Choose at least one field." in page
    assert not Task.objects.exists()


def test_the_type_whose_mapping_is_applied_is_chosen_by_a_person(admin: Client) -> None:
    plan_is_set()

    asked = admin.get(FROM_LIST).content.decode()
    again = admin.get(f"{FROM_LIST}?kind=copy-to-profiles&type=").content.decode()

    assert '<option value="" selected>Choose an event type</option>' in asked
    assert "This field is required." in again
    assert '<option value="plan-chosen" selected>' in admin.get(f"{FROM_LIST}?type=plan-chosen").content.decode()


def test_a_second_run_is_refused_with_the_name_of_the_first(admin: Client) -> None:
    plan_is_set()
    first = start()

    page = admin.post(address(), {**PLAN, "start": ""}).content.decode()

    assert "another run works on it" in page
    assert str(first.pk) in page
    assert Task.objects.count() == 1


def test_the_list_of_events_leads_to_a_back_fill_of_all_that_its_filter_finds(admin: Client) -> None:
    plan_is_set()
    shop = SourceFactory(name="Shop of Oslo")
    anna = ProfileFactory()
    happened(anna, {"plan": "pro"}, source_id=shop.pk)
    query = f"?type=plan-chosen&source={shop.pk}&condition=event@properties.plan+%3D+%22pro%22"

    listed = admin.get(LIST + query).content.decode()
    asked = admin.get(FROM_LIST + query).content.decode()
    form = admin.get(f"{FROM_LIST}{query}&kind=copy-to-profiles").content.decode()
    admin.post(f"{FROM_LIST}{query}&kind=copy-to-profiles", {**PLAN, "source": shop.pk, "start": ""})

    assert "Apply mappings to these events" in listed
    assert "Shop of Oslo" in asked
    assert "event@properties.plan = &quot;pro&quot;" in form
    task = Task.objects.get()
    assert task.params == {
        "type": "plan-chosen",
        "source": str(shop.pk),
        "condition": 'event@properties.plan = "pro"',
        "fields": ["traits.plan"],
        "mode": "newest",
    }
    carry_on(task)
    assert traits_of(anna) == {"plan": "pro"}


def test_the_filter_of_the_list_is_taken_along_as_a_whole(admin: Client) -> None:
    plan_is_set()
    person = new_id()

    admin.post(f"{FROM_LIST}?type=plan-chosen&q={person}&received=day&state=invalid&kind={TRAITS}", {"start": ""})

    params = Task.objects.get().params
    assert (params["about"], params["only_flagged"]) == (str(person), True)
    assert "received_since" in params
    assert admin.get(f"{FROM_LIST}?colour=red").status_code == 400
    assert admin.get(f"{FROM_LIST}?condition=event@").status_code == 400


def test_only_who_may_change_event_types_is_offered_a_back_fill(db: None) -> None:
    EventTypeFactory(type="plan-chosen")
    otto = colleague("events.view_event", "events.view_eventtype")

    assert "Apply mappings" not in otto.get(LIST).content.decode()
    assert otto.get(FROM_LIST).status_code == 403
    assert otto.post(address(), {"start": ""}).status_code == 403


def test_a_run_is_undone_from_its_page(admin: Client) -> None:
    plan_is_set()
    anna = ProfileFactory()
    happened(anna, {"plan": "pro"})
    task = run()
    undo_page = reverse("admin:events_backfill_undo", args=[task.pk])

    assert undo_page in admin.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()
    assert "It changed 1 field of profiles" in admin.get(undo_page).content.decode()
    response = admin.post(undo_page)

    undoing = Task.objects.exclude(pk=task.pk).get()
    assert response["Location"] == reverse("admin:core_task_change", args=[undoing.pk])
    pages = [reverse("admin:core_task_change", args=[each.pk]) for each in (task, undoing)]
    assert "It is being undone." in admin.get(pages[0]).content.decode()
    carry_on(undoing)
    assert traits_of(anna) == {}
    ran, undid = (admin.get(page).content.decode() for page in pages)
    assert f'It was undone. <a class="cdp-link" href="{pages[1]}">' in ran
    assert f'It undoes <a class="cdp-link" href="{pages[0]}">Copy stored events to profiles: plan-chosen</a>' in undid
    assert "Undo a back-fill: plan-chosen" in undid
    assert AuditEntry.objects.filter(action="backfill undone", object_id=str(task.pk)).exists()
    assert undo_page not in admin.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()
    assert "Nothing of the run can be undone" in admin.post(undo_page).content.decode()


def test_a_run_says_in_words_what_it_was_asked_and_links_to_what_failed(admin: Client) -> None:
    plan_is_set(**{"data.pii.birthday": {"equals": "properties.birthday"}})
    event = happened(ProfileFactory(), {"birthday": "someday"})
    task = carry_on(start(max_rate=500))

    listed = admin.get(reverse("admin:core_task_changelist")).content.decode()
    page = admin.get(reverse("admin:core_task_change", args=[task.pk])).content.decode()

    assert "Copy stored events to profiles: plan-chosen" in listed
    assert "The newest wins" in page
    assert "500 at most" in page
    assert f'href="{reverse("admin:events_event_change", args=[event.pk])}"' in page


def test_a_dry_run_of_traits_shows_events(admin: Client) -> None:
    plan_is_set()
    event = happened(None, {"plan": "pro"})

    page = admin.post(address("index-traits"), {}).content.decode()

    assert str(event.pk) in page
    assert "data.plan" in page


def test_the_page_says_what_the_filter_of_the_list_was(admin: Client) -> None:
    plan_is_set()
    happened(None, {"plan": "pro"})

    page = admin.post(f"{FROM_LIST}?type=plan-chosen&received=hour&kind={TRAITS}", {}).content.decode()

    assert "Arrived since" in page
