"""The pages of flows: mistakes stand by their lines, nobody's work is overwritten, and each page leads on."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core import tasks
from apps.core.models import AuditEntry, Task
from apps.flows.changing import portable, publishing, removal
from apps.flows.changing.publishing import People
from apps.flows.models import Flow, NodeCount, Run
from tests.bridges.factories import ConnectionFactory
from tests.factories import ProfileFactory
from tests.flows.drawing import drawn, published, redrawn
from tests.flows.factories import RunFactory
from tests.flows.trying.test_cases import kept

pytestmark = pytest.mark.django_db
LIST, ADDING = (reverse(f"admin:flows_flow_{name}") for name in ("changelist", "add"))
ADD = f"{ADDING}?kind=collection"
CHECK = f"{reverse('admin:flows_check')}?kind=collection"
TEXT = portable.written(publishing.FIRST_DRAFT)
FILLED = {"name": "Welcome", "key": "welcome", "priority": "0", "draft": TEXT, "revision": "0"}
BROKEN = TEXT.replace('"kind": "end"', '"kind": "no-such-kind"')


def address(name: str, row: Flow, *more: Any) -> str:
    return reverse(f"admin:{name}", args=[row.pk, *more])


def page(client: Client, address: str, **params: Any) -> str:
    answer = client.get(address, params)
    assert answer.status_code == 200, answer
    return text_of(answer.content.decode())


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<main")[2] or html))


def as_role(role: str) -> Client:
    user = User.objects.create(username=role.lower(), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def test_a_new_flow_leads_to_its_page_without_an_editor_and_that_to_publishing(
    admin_client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    answer = admin_client.post(ADD, FILLED, follow=True)

    row = Flow.objects.get()
    assert answer.redirect_chain[-1][0] == address("flows_overview", row)
    assert (row.state, row.draft, row.draft_revision) == (Flow.State.OFF, publishing.FIRST_DRAFT, 1)
    shown = answer.content.decode()
    assert "The draft is whole" in shown
    assert address("flows_publish", row) in shown


def test_mistakes_are_told_with_their_lines_and_nothing_that_was_typed_is_lost(admin_client: Client) -> None:
    answer = admin_client.post(ADD, {**FILLED, "draft": BROKEN})

    assert not Flow.objects.exists()
    shown = answer.content.decode()
    line = next(n for n, text in enumerate(BROKEN.splitlines(), 1) if "no-such-kind" in text)
    assert f"Line {line}, " in shown
    assert "no-such-kind" in shown.partition("<textarea")[2]

    admin_client.post(ADD, {**FILLED, "draft": BROKEN, "is_unfinished": "on"})
    assert Flow.objects.get().draft["nodes"][1]["kind"] == "no-such-kind"


def test_what_is_no_json_is_told_with_line_and_column(admin_client: Client) -> None:
    answer = admin_client.post(ADD, {**FILLED, "draft": TEXT.replace(",", "", 1)})

    assert "Line " in answer.content.decode()
    assert not Flow.objects.exists()


def test_a_check_tells_all_and_saves_nothing(admin_client: Client) -> None:
    row = drawn()

    told = text_of(admin_client.post(CHECK, {**FILLED, "pk": str(row.pk), "draft": BROKEN}).content.decode())
    fine = text_of(admin_client.post(CHECK, {**FILLED, "pk": str(row.pk)}).content.decode())
    broken = text_of(admin_client.post(CHECK, {**FILLED, "pk": str(row.pk), "draft": "{"}).content.decode())
    new = text_of(admin_client.post(CHECK, FILLED).content.decode())

    assert "no-such-kind" in told
    assert "1 mistake" in told
    assert "By hand, or by the API." in fine
    assert "no mistakes" in fine
    assert "Line 1, column 2" in broken
    assert "no mistakes" in new
    row.refresh_from_db()
    assert row.draft == publishing.FIRST_DRAFT


def test_who_saves_over_another_is_asked_first(admin_client: Client) -> None:
    row = drawn()
    redrawn(row, zone="Europe/Vienna")
    change = address("flows_flow_change", row)
    mine = {**FILLED, "revision": "1", "draft": portable.written({**publishing.FIRST_DRAFT, "zone": "Europe/Paris"})}

    asked = admin_client.post(change, mine).content.decode()
    row.refresh_from_db()
    assert row.draft["zone"] == "Europe/Vienna"
    assert "Somebody has saved another draft" in asked
    assert "Europe/Vienna" in asked
    assert "Europe/Paris" in asked.partition("<textarea")[2]
    assert 'name="revision" value="2"' in asked

    admin_client.post(change, {**mine, "revision": "2"})
    row.refresh_from_db()
    assert row.draft["zone"] == "Europe/Paris"


def test_publishing_asks_shows_who_is_inside_and_leads_back(admin_client: Client) -> None:
    row = drawn()
    first = published(row)
    RunFactory(flow=row, version=first, place="start")
    RunFactory(flow=row, version=first, place="gone")
    redrawn(row, zone="Europe/Vienna")

    asked = page(admin_client, address("flows_publish", row))
    assert "2 people are inside just now" in asked
    assert "is gone" in asked
    assert "zone: nothing became “Europe/Vienna”." in asked

    said = {"people": "move", "note": "Vienna.", "revision": "2", "switches_on": "on"}
    answer = admin_client.post(address("flows_publish", row), said)
    row.refresh_from_db()
    first.refresh_from_db()
    assert answer.headers["Location"] == address("flows_overview", row)
    assert row.version is not None
    assert (row.version.number, row.version.note, row.state) == (2, "Vienna.", Flow.State.ON)
    assert first.successor == row.version


def test_publishing_asks_again_where_a_case_fails(admin_client: Client) -> None:
    row = drawn()
    kept(row, trial={}, expected={"end": "failed"})
    said = {"people": "finish", "revision": "1"}

    refused = admin_client.post(address("flows_publish", row), said)
    shown = text_of(refused.content.decode())

    assert "A big one: It came to the end finished, and was to come to failed." in shown
    assert "Publish it though cases fail" in shown
    assert not row.versions.exists()
    admin_client.post(address("flows_publish", row), {**said, "ignores_cases": "on"})
    assert row.versions.count() == 1


def test_what_has_changed_since_it_was_looked_at_is_not_published(admin_client: Client) -> None:
    row = drawn()
    redrawn(row, zone="Europe/Vienna")

    answer = admin_client.post(address("flows_publish", row), {"people": "finish", "revision": "1"})

    assert "Somebody has changed the draft meanwhile" in answer.content.decode()
    row.refresh_from_db()
    assert row.version is None


def test_a_draft_with_mistakes_cannot_be_published(admin_client: Client) -> None:
    row = drawn()
    redrawn(row, nodes=[])

    asked = page(admin_client, address("flows_publish", row))
    assert "cannot be published" in asked
    admin_client.post(address("flows_publish", row), {"people": "finish", "revision": "2"})
    row.refresh_from_db()
    assert row.version is None


def test_an_old_version_is_looked_at_and_published_again(admin_client: Client) -> None:
    row = drawn()
    published(row, note="The first.")
    redrawn(row, zone="Europe/Vienna")
    published(row, People.MOVE, "Vienna.")

    listed = page(admin_client, address("flows_versions", row))
    assert "Version 2" in listed
    assert "zone: nothing became “Europe/Vienna”." in listed
    first = page(admin_client, address("flows_version", row, 1))
    assert "The first." in first
    assert "Came There now Left" in first

    asked = address("flows_roll_back", row, 1)
    assert "zone: “Europe/Vienna” became nothing." in page(admin_client, asked)
    admin_client.post(asked, {"people": "finish", "revision": "2"})
    row.refresh_from_db()
    assert row.version is not None
    assert (row.version.number, row.version.definition) == (3, publishing.FIRST_DRAFT)


def test_the_page_of_a_flow_counts_as_its_rows_do(admin_client: Client) -> None:
    row = drawn()
    version = published(row)
    anna = ProfileFactory(name="Anna")
    NodeCount.objects.create(version=version, node="start", port="", n=3)
    NodeCount.objects.create(version=version, node="start", port="out", n=2)
    RunFactory(flow=row, version=version, profile_id=anna.pk, place="start", state={"tokens": [{"node": "start"}]})

    shown = page(admin_client, address("flows_overview", row))

    assert re.search(r"Start start 3 1 2 by out 0", shown)
    assert "Anna" in shown
    assert "1 inside now" in re.sub(r"\s+", " ", shown)


def test_the_list_says_how_flows_go_and_an_empty_one_what_to_do(admin_client: Client) -> None:
    assert "No flow yet" in page(admin_client, LIST)
    row = drawn()
    version = published(row)
    RunFactory(flow=row, version=version)

    assert "By hand, or by the API. 1 0" in page(admin_client, LIST)


def test_a_flow_is_deleted_by_its_name_in_the_background(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "SETTLES", timedelta(0))
    row = drawn()
    run = RunFactory(flow=row, version=published(row))
    delete = address("flows_flow_delete", row)

    assert "1 person inside will go no further" in page(admin_client, delete)
    admin_client.post(delete, {"post": "yes", "name": "Something else"})
    assert not Task.objects.exists()
    admin_client.post(delete, {"post": "yes", "name": "Welcome"})
    tasks.run(Task.objects.get().pk, secs=5)

    assert not Flow.objects.exists()
    assert not Run.objects.filter(pk=run.pk).exists()
    assert AuditEntry.objects.filter(action="deleted", object_type="flows.flow").count() == 1


def test_a_flow_is_exported_and_comes_back_as_a_draft(admin_client: Client) -> None:
    row = drawn()
    sent = admin_client.get(address("flows_export", row))
    assert "welcome.flow.json" in sent.headers["Content-Disposition"]
    found = json.loads(sent.content)
    Flow.objects.all().delete()

    bring = reverse("admin:flows_flow_import_flow")
    answer = admin_client.post(bring, {"file": SimpleUploadedFile("x.json", sent.content)})
    made = Flow.objects.get()
    assert answer.headers["Location"] == address("flows_overview", made)
    assert (made.draft, made.key, found["format"]) == (publishing.FIRST_DRAFT, "welcome", portable.FORMAT)

    again = admin_client.post(bring, {"file": SimpleUploadedFile("x.json", sent.content)}).content.decode()
    assert "There is a flow welcome already" in again
    broken = admin_client.post(bring, {"file": SimpleUploadedFile("x.json", b"{")}).content.decode()
    assert "This is no JSON" in broken


@pytest.mark.parametrize(
    ("role", "may_make", "may_publish"),
    [("Marketer", True, True), ("Developer", True, True), ("Analyst", False, False), ("Data steward", False, False)],
)
def test_roles_do_what_is_theirs(role: str, may_make: bool, may_publish: bool) -> None:
    row = drawn()
    client = as_role(role)

    assert client.get(LIST).status_code == 200
    assert client.get(address("flows_overview", row)).status_code == 200
    assert client.get(ADD).status_code == (200 if may_make else 403)
    assert client.get(address("flows_publish", row)).status_code == (200 if may_publish else 403)
    assert client.post(CHECK, FILLED).status_code == (200 if may_make else 403)


def test_who_may_not_see_personal_data_reads_no_values_of_conditions() -> None:
    secret = 'profile@data.contact.email.main = "anna@example.com"'
    row = drawn()
    redrawn(row, exits=[{"event_type": "sale-completed", "condition": secret}])
    analyst = as_role("Analyst")

    for shown in (
        analyst.get(address("flows_overview", row)).content.decode(),
        analyst.get(address("flows_flow_change", row)).content.decode(),
    ):
        assert "anna@example.com" not in shown
    assert analyst.get(address("flows_export", row)).status_code == 403


def test_who_draws_reads_the_names_of_connections_and_what_each_step_does() -> None:
    ConnectionFactory(name="Shop system")
    marketer = as_role("Marketer")

    assert "Connections that nodes may name: “Shop system”" in page(marketer, ADD)
    hour = {"id": "hour", "kind": "wait", "name": "An hour", "settings": {"length": "1 hour"}}
    document = {"nodes": [{"id": "s", "kind": "start"}, hour, {"id": "x", "kind": "somersault"}]}
    shown = marketer.post(CHECK, {**FILLED, "draft": json.dumps(document)}).content.decode()
    assert "Wait “An hour”: " in shown
    assert "There is no kind of node somersault. There are: " in shown


def test_a_flow_that_was_never_published_has_no_versions_to_show(admin_client: Client) -> None:
    assert "Versions of Welcome" in page(admin_client, address("flows_versions", drawn()))
