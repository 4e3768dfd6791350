"""While people wait in a flow they withdraw a consent, are erased, or are merged and parted again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.bridges.models import Delivery
from apps.core import tasks
from apps.core.models import Task
from apps.events.resolution import moving
from apps.flows.models import Assignment, Run, Step, Wait
from apps.profiles.models import Merge
from tests.alerts.conftest import Mailbox
from tests.factories import ConsentTypeFactory
from tests.flows.runs.published import pass_time
from tests.stories.doors import Body, OwnDoors, chain, letter, on_event
from tests.stories.passing_time import live_until, send

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
NODES = {"wait": ("wait", {"length": "1 day"}), "write": letter("For {{ profile@data.contact.email.main }}")}
DRAFT = chain(NODES, triggers=on_event("signed-up"), consents=["letters"], trace_percent=100)


@pytest.fixture
def waiting(doors: OwnDoors, post: Mailbox) -> dict[str, UUID]:
    """People who agreed to letters, and wait for the first one."""
    ConsentTypeFactory(id="letters")
    doors.mails_by(post.port)
    doors.publish("welcome", DRAFT)
    people = {}
    for name in ("anna", "bert", "cleo"):
        people[name] = doors.sign_in(name)
        doors.track(decided(letters=True), session=name)
        doors.track("signed-up", session=name)
    pass_time(now())
    assert [run["place"] for run in doors.runs("welcome")] == ["wait"] * 3
    return people


def decided(**consents: bool) -> Body:
    return {"type": "consent-update", "properties": {"consents": consents}}


def now() -> datetime:
    return datetime.now(UTC)


def carry_on() -> None:
    """Do what workers do with tasks."""
    for task in Task.objects.unfinished():
        while tasks.run(task.pk, secs=30):
            pass
    moving.move(secs=30)


def test_consents_that_are_withdrawn_on_a_page_and_on_the_phone(
    doors: OwnDoors, waiting: dict[str, UUID], post: Mailbox
) -> None:
    withdrawn = {"source_id": doors.source_id, "consents": {"letters": False}}

    doors.track(decided(letters=False), session="anna")
    doors.api("post", f"profiles/{waiting['bert']}/consents", withdrawn)
    pass_time(now())

    assert doors.states("welcome") == ["removed", "removed", "live"]
    assert "letters" in doors.runs("welcome")[0]["reason"]
    live_until(now() + DAY)
    assert [mail["To"] for mail in post.offered] == ["cleo@example.com"]


def test_a_consent_that_is_withdrawn_while_a_mail_waits(
    doors: OwnDoors, waiting: dict[str, UUID], post: Mailbox
) -> None:
    post.refusal = "451 Try again later"
    pass_time(now() + DAY)
    send()
    assert len(post.offered) == 3
    post.refusal = ""

    doors.track(decided(letters=False), session="anna")
    pass_time(now() + DAY)
    send()

    assert sorted(mail["To"] for mail in post.mails) == ["bert@example.com", "cleo@example.com"]
    assert doors.states("welcome")[0] == "removed"


def test_whoever_is_erased_leaves_nothing_behind(doors: OwnDoors, waiting: dict[str, UUID], post: Mailbox) -> None:
    post.refusal = "451 Try again later"
    pass_time(now() + DAY)
    send()
    n_offered, anna = len(post.offered), waiting["anna"]
    post.refusal = ""

    doors.api("post", f"profiles/{anna}/erase", {"reference": "Letter of 3 May"})
    carry_on()

    for model in (Run, Wait, Assignment, Delivery):
        assert not model.objects.filter(profile_id=anna).exists(), model
    assert "anna@example.com" not in str(list(Delivery.objects.values("request", "answer", "tries")))
    assert set(Step.objects.values_list("run_id", flat=True)) <= set(Run.objects.values_list("id", flat=True))
    send()
    live_until(now() + 2 * DAY)
    assert sorted(mail["To"] for mail in post.offered[n_offered:]) == ["bert@example.com", "cleo@example.com"]


def test_two_who_are_merged_go_on_as_one_and_as_two_once_they_are_parted(
    doors: OwnDoors, waiting: dict[str, UUID], post: Mailbox
) -> None:
    anna, bert = waiting["anna"], waiting["bert"]
    doors.api("post", f"profiles/{anna}/merge", {"other_id": str(bert)})
    carry_on()
    [merge] = Merge.objects.all()
    survivor = {run["profile_id"] for run in doors.runs("welcome")[:2]}
    assert survivor == {str(merge.kept_id)}

    steward = Client()
    steward.force_login(User.objects.create_superuser("steward"))
    undone = steward.post(reverse("admin:profiles_merge_undo", args=[merge.pk]))
    assert undone.status_code == 302
    carry_on()

    assert [run["profile_id"] for run in doors.runs("welcome")[:2]] == [str(anna), str(bert)]
    live_until(now() + DAY)
    assert doors.states("welcome") == ["finished"] * 3
    assert sorted(mail["Subject"] for mail in post.mails) == [f"For {name}@example.com" for name in sorted(waiting)]
    assert all(mail["Subject"] == f"For {mail['To']}" for mail in post.mails)


def test_who_withdraws_after_a_merge_withdraws_for_both(
    doors: OwnDoors, waiting: dict[str, UUID], post: Mailbox
) -> None:
    doors.api("post", f"profiles/{waiting['anna']}/merge", {"other_id": str(waiting["bert"])})
    carry_on()

    doors.track(decided(letters=False), session="bert")
    pass_time(now())

    assert doors.states("welcome") == ["removed", "removed", "live"]
