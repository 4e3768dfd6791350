"""The pages of heartbeats: mistakes stand beside their fields, nothing is said before a look, and all is on record."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.events.models import EventType, InboxItem
from apps.heartbeats import running
from apps.heartbeats.admin import looking, shown
from apps.heartbeats.models import Heartbeat, HeartbeatRun, Silence
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import ConsentTypeFactory, SegmentFactory, SourceFactory
from tests.heartbeats.beating import ago
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop

pytestmark = pytest.mark.django_db
LIST, ADD = (reverse(f"admin:heartbeats_heartbeat_{name}") for name in ("changelist", "add"))
IN_WORDS = reverse("admin:heartbeats_in_words")
FILLED = {
    "name": "Gone for a month",
    "strategy": "inactive-profile",
    "wait_period": "30 days",
    "event_type": "",
    "condition": "",
    "rearm": "once",
    "first_run": "ripening",
    "max_per_run": "10000",
    "schedule": "* * * * *",
}


def address(name: str, row: Heartbeat) -> str:
    return reverse(f"admin:heartbeats_heartbeat_{name}", args=[row.pk])


def page(client: Client, address: str, **params: Any) -> str:
    answer = client.get(address, params)
    assert answer.status_code == 200
    return answer.content.decode()


def run(row: Heartbeat, *, by: str = "test") -> running.Outcome:
    return running.run(row, by=by, now=timezone.now())


def test_a_new_heartbeat_is_off_until_somebody_has_looked_at_whom_it_would_speak_of(admin_client: Client) -> None:
    answer = admin_client.post(ADD, FILLED)

    made = Heartbeat.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == address("switch_on", made)
    assert (made.wait_period, made.event_type) == (timedelta(days=30), "profile-inactive")
    assert (made.is_enabled, made.due_at, made.counted_from) == (False, None, None)
    assert AuditEntry.objects.filter(action="added", object_id=made.pk).exists()


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "Taken"}, "name", "Heartbeat with this Name already exists."),
        ({"strategy": "inactive-profil"}, "strategy", "Select a valid choice."),
        ({"wait_period": ""}, "wait_period", "This field is required."),
        ({"wait_period": "soon"}, "wait_period", "write it as 15 minutes, 1h30m or 180 days."),
        ({"wait_period": "0 days"}, "wait_period", "A duration is not zero."),
        ({"wait_period": "5 seconds"}, "wait_period", "At least one minute of silence."),
        ({"wait_period": "-2 days"}, "wait_period", "is no length of time"),
        ({"wait_period": "30"}, "wait_period", "write it as 15 minutes, 1h30m or 180 days."),
        ({"wait_period": "2 months"}, "wait_period", "Months and years differ in length: write it in days."),
        ({"wait_period": "4000 days"}, "wait_period", "At most ten years of silence"),
        (
            {"event_type": "segment-entered"},
            "event_type",
            "The platform itself says segment-entered of something else.",
        ),
        ({"event_type": "session-closed"}, "event_type", "The platform itself says session-closed of something else."),
        ({"event_type": "page-view"}, "event_type", "page-view is what people do"),
        ({"event_type": "win-bak"}, "event_type", "There is no event type win-bak. Did you mean win-back?"),
        ({"schedule": "0 0 30 2 *"}, "schedule", "Such a day never comes."),
        ({"schedule": "daily"}, "schedule", "Five fields are needed"),
        ({"schedule": "61 * * * *"}, "schedule", "is no schedule"),
        ({"schedule": "*/61 * * * *"}, "schedule", "a step is at most 59 there"),
        ({"condition": "profile@visits.count >"}, "condition", "The condition ends too early."),
        ({"condition": "profile@visitz.count > 1"}, "condition", "Did you mean profile@visits.count?"),
        ({"condition": 'profile@segments CONTAINS "nosuch"'}, "condition", "There is no segment nosuch."),
        ({"max_per_run": "0"}, "max_per_run", "At least one a run."),
        ({"max_per_run": "-1"}, "max_per_run", "greater than or equal to 0"),
        ({"rearm": "often"}, "rearm", "Select a valid choice."),
    ],
)
def test_a_mistake_stands_beside_its_field(
    admin_client: Client, changes: dict[str, str], field: str, message: str
) -> None:
    HeartbeatFactory(name="Taken")
    EventType.objects.create(type="win-back", name="Win back")

    answer = admin_client.post(ADD, {**FILLED, **changes})

    assert answer.status_code == 200
    assert message in str(answer.context["adminform"].form.errors[field])
    assert Heartbeat.objects.count() == 1


def test_a_type_that_an_operator_made_may_be_said_and_what_is_usual_is_shown_as_empty(admin_client: Client) -> None:
    EventType.objects.create(type="win-back", name="Win back")
    admin_client.post(ADD, {**FILLED, "event_type": "Win-Back"})
    usual = HeartbeatFactory()

    made = Heartbeat.objects.get(event_type="win-back")
    shown = page(admin_client, address("change", made))
    assert '<option value="win-back">' in shown
    assert 'name="event_type" value="win-back"' in shown
    assert 'name="event_type" value="' not in page(admin_client, address("change", usual))


def test_what_the_form_comes_to_is_said_in_words(admin_client: Client) -> None:
    made = {
        "segment": SegmentFactory(name="Friends"),
        "source": SourceFactory(name="Shop"),
        "consent": ConsentTypeFactory(name="Mail"),
    }
    scope = {name: row.pk for name, row in made.items()}

    told = admin_client.post(IN_WORDS, {**FILLED, **scope, "schedule": "0 4 * * *"}).content.decode()

    assert "When somebody has done nothing for 30 days, say profile-inactive, of people who are in Friends" in told
    assert "in Friends and came through Shop and agreed to Mail." in told
    assert told.count("04:00") == 3
    assert "(UTC)" in told
    assert "every day at 4:00" in told
    assert not Heartbeat.objects.exists()


def test_all_mistakes_are_told_at_once(admin_client: Client) -> None:
    wrong = {**FILLED, "wait_period": "0", "event_type": "page-view", "schedule": "*/61 * * * *", "max_per_run": "0"}

    errors = admin_client.post(ADD, wrong).context["adminform"].form.errors

    assert set(errors) == {"wait_period", "event_type", "schedule", "max_per_run"}


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("30 4 * * *", "every day at 4:30"),
        ("05 16 * * 7", "every Sunday at 16:05"),
        ("0 9 15 * *", "on day 15 of each month at 9:00"),
        ("0 9 15 * 1", "at the times of 0 9 15 * 1"),
        ("*/45 * * * *", "at the times of */45 * * * *"),
        ("", "only when somebody runs it"),
    ],
)
def test_a_schedule_is_said_in_words(schedule: str, words: str) -> None:
    assert shown.schedule_in_words(schedule) == words


def test_what_is_wrong_is_said_while_the_form_is_filled_in(admin_client: Client) -> None:
    wrong = {**FILLED, "name": "", "wait_period": "soon", "schedule": "0 0 31 2 *"}

    told = admin_client.post(IN_WORDS, wrong).content.decode()

    assert "write it as 15 minutes, 1h30m or 180 days." in told
    assert "Such a day never comes." in told
    assert "required" not in told


def test_a_change_of_meaning_lets_counting_begin_anew_and_says_so(admin_client: Client) -> None:
    row = HeartbeatFactory(first_run="ripening", event_type="profile-inactive")
    changed = {**FILLED, "wait_period": "24 hours", "name": "Other", "max_per_run": "10"}

    def save() -> str:
        return admin_client.post(address("change", row), changed, follow=True).content.decode()

    assert "Counting begins anew" not in save()
    before = Heartbeat.objects.get().counted_from
    changed["wait_period"] = "25 hours"
    asked = admin_client.post(IN_WORDS, {**changed, "pk": str(row.pk)}).content.decode()
    assert "If you save this, counting begins anew" in asked
    assert "Counting begins anew" in save()

    row.refresh_from_db()
    assert before is not None
    assert row.counted_from is not None
    assert row.counted_from > before
    assert (row.wait_period, row.is_enabled, row.name) == (timedelta(hours=25), True, "Other")


def test_a_dry_run_counts_shows_some_and_says_nothing(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(wait_period=timedelta(days=2))

    shown = page(admin_client, address("dry_run", row))

    assert "2 people" in shown
    for person in Profile.objects.all():
        assert reverse("admin:profiles_profile_change", args=[person.pk]) in shown
        assert (person.last_active_at + row.wait_period).strftime("%Y-%m-%d %H:%M") in shown
    assert "nothing was said" in shown
    assert not Silence.objects.exists()
    assert not InboxItem.objects.exists()


def test_a_dry_run_shows_whom_the_first_run_leaves_out(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(wait_period=timedelta(days=2), first_run="ripening", is_enabled=False)

    shown = page(admin_client, address("dry_run", row))

    assert "0 people" in shown
    assert "2 people" in shown
    assert "Left out, for example" in shown


def test_a_dry_run_about_sessions_leads_to_them(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(strategy="session-not-closed", wait_period=timedelta(minutes=30))

    shown = page(admin_client, address("dry_run", row))

    assert "2 sessions" in shown
    for session in Session.objects.all():
        assert reverse("admin:cdp_sessions_session_change", args=[session.pk]) in shown
        assert session.status != Session.Status.ENDED


def test_a_dry_run_that_takes_too_long_says_so(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    def slow(row: Heartbeat) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(looking, "STATEMENT_SECS", 0.01)
    monkeypatch.setattr(looking, "preview", slow)

    assert "took longer than a page may" in page(admin_client, address("dry_run", HeartbeatFactory()))


def test_a_dry_run_of_one_that_cannot_look_says_why(admin_client: Client) -> None:
    row = HeartbeatFactory()
    Heartbeat.objects.update(condition="profile@visits.count >")

    assert "It cannot look" in page(admin_client, address("dry_run", row))


def test_it_is_switched_on_and_off_after_a_question(admin_client: Client) -> None:
    row = HeartbeatFactory(is_enabled=False)

    assert "Switch it on" in page(admin_client, address("switch_on", row))
    admin_client.post(address("switch_on", row))
    row.refresh_from_db()
    assert row.is_enabled
    assert row.due_at is not None
    assert "Switch it off" in page(admin_client, address("switch_off", row))
    admin_client.post(address("switch_off", row))
    row.refresh_from_db()
    assert (row.is_enabled, row.due_at) == (False, None)

    actions = AuditEntry.objects.filter(object_id=row.pk).order_by("at").values_list("action", flat=True)
    assert list(actions) == ["switched on", "switched off"]


def test_one_that_is_broken_is_not_switched_on(admin_client: Client) -> None:
    row = HeartbeatFactory(is_enabled=False)
    Heartbeat.objects.update(event_type="gone")

    answer = admin_client.post(address("switch_on", row), follow=True).content.decode()

    assert "There is no event type gone." in answer
    assert not Heartbeat.objects.get().is_enabled


def test_it_runs_when_somebody_says_yes(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(schedule="")

    assert "2 people" in page(admin_client, address("run_now", row))
    assert not HeartbeatRun.objects.exists()
    admin_client.post(address("run_now", row))
    assert [outcome.n_said for outcome in running.run_due(now=timezone.now())] == [2]

    assert HeartbeatRun.objects.get().requested_by == "admin"
    assert AuditEntry.objects.filter(action="run", object_id=row.pk).exists()
    assert "By hand: admin" in page(admin_client, address("change", row))


def test_one_that_is_off_is_not_run(admin_client: Client) -> None:
    row = HeartbeatFactory(is_enabled=False)

    assert "switch it on first" in admin_client.post(address("run_now", row), follow=True).content.decode()


def test_the_list_tells_how_each_is_and_warns(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    fine = HeartbeatFactory(name="Fine", schedule="0 4 1 1 *")
    Heartbeat.objects.filter(pk=fine.pk).update(due_at=timezone.now() + timedelta(days=3, hours=1))
    late, broken = HeartbeatFactory(name="Late"), HeartbeatFactory(name="Broken", schedule="")
    Heartbeat.objects.filter(pk=late.pk).update(due_at=ago(hours=2))
    HeartbeatFactory(name="Quiet", is_enabled=False)
    stuck = HeartbeatFactory(name="Stuck")
    stuck.runs.create(trigger="cron", started_at=ago(hours=1), clock=ago(hours=1))
    Heartbeat.objects.filter(pk=stuck.pk).update(attempts=Heartbeat.STUCK)
    run(broken)
    HeartbeatRun.objects.exclude(finished_at=None).update(error="It hurts.")

    with django_assert_max_num_queries(15):
        shown = page(admin_client, LIST)

    assert "Late should have run 2 hours ago" in shown.replace("\xa0", " ")
    assert "Broken: its last run failed. It hurts." in shown
    assert "Stuck was begun 5 times, and none of these came to an end." in shown
    for word in (">overdue<", ">stuck<", ">failed<", ">off<", ">on<", "in 3 days", "when somebody runs it"):
        assert word in shown.replace("\xa0", " ")


def test_deletion_says_what_is_forgotten_and_takes_the_history_along(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(name="Gone")
    run(row)

    shown = page(admin_client, address("delete", row))
    assert "Its 2 notes of whom it has spoken will be gone" in shown
    assert "1 run" in shown
    admin_client.post(address("delete", row), {"post": "yes", "name": "Gone"})

    assert not Heartbeat.objects.exists()
    assert not HeartbeatRun.objects.exists()
    assert not Silence.objects.exists()
    assert AuditEntry.objects.filter(action="deleted", object_id=row.pk).exists()


@pytest.mark.parametrize("scope", ["segment", "source"])
def test_what_a_heartbeat_asks_about_is_not_deleted(admin_client: Client, scope: str) -> None:
    made = {"segment": SegmentFactory, "source": SourceFactory}[scope](name="Needed")
    HeartbeatFactory(name="Asks", **{scope: made})
    model = type(made)._meta
    place = reverse(f"admin:{model.app_label}_{model.model_name}_delete", args=[made.pk])

    answer = admin_client.post(place, {"post": "yes", "name": "Needed"}, follow=True)

    assert "Heartbeats ask about it: Asks." in answer.content.decode()
    assert type(made).objects.filter(pk=made.pk).exists()


def test_marketers_change_heartbeats_and_analysts_only_look(signed_in: Callable[..., Client], silent: Shop) -> None:
    row = HeartbeatFactory()

    analyst = signed_in("Analyst")
    assert "When somebody has done nothing for 1 day" in page(analyst, address("change", row))
    assert "2 people" in page(analyst, address("dry_run", row))
    for name in ("switch_on", "switch_off", "run_now"):
        assert analyst.post(address(name, row)).status_code == 403
    assert analyst.post(IN_WORDS, FILLED).status_code == 403
    assert analyst.post(ADD, FILLED).status_code == 403

    marketer = signed_in("Marketer")
    assert marketer.post(ADD, FILLED).status_code == 302
    assert marketer.post(address("run_now", row)).status_code == 302


def test_without_a_permission_there_is_nothing(signed_in: Callable[..., Client]) -> None:
    row = HeartbeatFactory()
    client = signed_in("")

    for place in (LIST, address("change", row), address("dry_run", row)):
        assert client.get(place).status_code == 403


SECRET = 'profile@data.contact.email.main = "anna@example.com"'


@pytest.mark.usefixtures("silent")
def test_who_may_see_no_personal_data_is_not_told_whom_such_a_heartbeat_finds(signed_in: Callable[..., Client]) -> None:
    row = HeartbeatFactory(condition=SECRET)
    client = signed_in("", *("view_heartbeat", "change_heartbeat", "add_heartbeat"), "view_profile")
    person = reverse("admin:profiles_profile_change", args=[Profile.objects.earliest("pk").pk])

    looked = page(client, address("dry_run", row))
    assert "Who they are is hidden" in looked
    assert "anna@example.com" not in looked + page(client, address("change", row))
    assert client.post(address("run_now", row)).status_code == 403
    assert client.post(address("change", row), FILLED).status_code == 403
    Heartbeat.objects.update(condition="")
    assert row.name in page(client, person)
    SegmentFactory(key="secret", condition=SECRET)
    Heartbeat.objects.update(condition='NOT profile@segments CONTAINS "secret"')
    assert row.name not in page(client, person)


def test_who_may_see_no_personal_data_cannot_ask_by_a_segment_or_a_consent(signed_in: Callable[..., Client]) -> None:
    client = signed_in("", "view_heartbeat", "add_heartbeat")
    consent, segment = ConsentTypeFactory(), SegmentFactory(key="secret", condition=SECRET)

    for field, value in {"consent": consent.pk, "segment": segment.pk, "condition": SECRET}.items():
        answer = client.post(ADD, {**FILLED, field: value})
        assert "which you may not see" in str(answer.context["adminform"].form.errors[field])
    assert not Heartbeat.objects.exists()


def panel(client: Client, row: Any) -> str:
    shown = page(client, reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]))
    return " ".join(shown.replace("\xa0", " ").split())


def test_a_persons_page_tells_what_will_be_said_and_what_was(silent: Shop, admin_client: Client) -> None:
    anna = Profile.objects.earliest("pk")
    assert "will be called inactive" not in panel(admin_client, anna)
    HeartbeatFactory(name="Week", wait_period=timedelta(days=6, hours=1))
    HeartbeatFactory(name="By hand", schedule="", wait_period=timedelta(days=7))
    HeartbeatFactory(name="Off", is_enabled=False, wait_period=timedelta(days=8))

    shown = panel(admin_client, anna)
    assert "will be called inactive <time" in shown
    assert ">in 3 days</time>" in shown
    assert "will be called inactive when somebody runs it" in shown
    assert ">Off</a>" not in shown

    day = HeartbeatFactory(name="Day", wait_period=timedelta(days=1))
    run(day)
    assert "was called inactive <time" in panel(admin_client, anna)
    Heartbeat.objects.filter(pk=day.pk).update(is_enabled=False)  # what was said remains so
    assert "was called inactive <time" in panel(admin_client, anna)


def test_a_persons_page_tells_why_nothing_is_said_and_what_a_command_said(
    silent: Shop, admin_client: Client, signed_in: Callable[..., Client]
) -> None:
    HeartbeatFactory(name="New", wait_period=timedelta(days=1), first_run="ripening")
    Heartbeat.objects.update(counted_from=ago(days=1))
    call_command("heartbeat", "--strategy", "inactive-profile", "--wait-period", "2 days", stdout=StringIO())
    anna = Profile.objects.earliest("pk")

    shown = panel(admin_client, anna)
    assert "left out: silent for that long already when it began to count" in shown
    assert "From the command line" in shown
    assert "was spoken of <time" in shown
    assert "From the command line" not in panel(signed_in("Analyst"), anna)  # it may have asked about personal data


def test_a_sessions_page_tells_when_it_will_be_closed(shop: Shop, alone: None, admin_client: Client) -> None:
    shop.now = ago(minutes=10)
    shop.track("page-view", session="anna")
    session = Session.objects.get()
    HeartbeatFactory(name="Closer", strategy="session-not-closed", wait_period=timedelta(minutes=41))
    HeartbeatFactory(name="Elsewhere", strategy="session-not-closed", source=SourceFactory())

    shown = panel(admin_client, session)
    assert "will be closed <time" in shown
    assert "Elsewhere" not in shown

    Heartbeat.objects.filter(name="Closer").update(wait_period=timedelta(minutes=2))
    run(Heartbeat.objects.get(name="Closer"))
    assert "was closed <time" in panel(admin_client, session)


def test_who_comes_back_is_told_of_again_where_each_silence_counts(silent: Shop, admin_client: Client) -> None:
    row = HeartbeatFactory(name="Each", wait_period=timedelta(days=2), rearm="silence")
    EventType.objects.create(type="win-back", name="Win back")
    Heartbeat.objects.update(event_type="win-back")
    run(row)
    silent.now = timezone.now()
    silent.track("page-view", session="anna")

    shown = panel(admin_client, Profile.objects.latest("last_active_at"))

    assert "win-back will be said <time" in shown
    assert "last <time" in shown


def test_without_heartbeats_the_panels_ask_little(silent: Shop, django_assert_num_queries: Any) -> None:
    from apps.heartbeats import upcoming

    anna = Profile.objects.earliest("pk")

    with django_assert_num_queries(3):
        assert upcoming.of_profile(anna) == []
