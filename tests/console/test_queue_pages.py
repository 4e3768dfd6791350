"""The pages of queues: what waits, why something failed, trying it again, and jobs that have gone meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_rq import get_queue
from django_rq.settings import get_queues_list
from redis.exceptions import ConnectionError
from rq import Queue, SimpleWorker
from rq.job import Job

from apps.core.models import AuditEntry

pytestmark = pytest.mark.django_db
GONE = "The job has gone"
DEFAULT = [each["name"] for each in get_queues_list()].index("default")  # by which number pages know it


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:django_rq_{name}", args=args)


@pytest.fixture
def queue() -> Iterator[Any]:
    found = get_queue("default")
    found.empty()
    yield found
    for id in found.failed_job_registry.get_job_ids():
        Job.fetch(id, connection=found.connection).delete()
    found.empty()


@pytest.fixture
def failed(queue: Any) -> Job:
    plain = Queue(queue.name, connection=queue.connection)  # ours waits for the end of the transaction
    job = plain.enqueue("operator.truediv", 1, 0)
    SimpleWorker([plain], connection=queue.connection).work(burst=True, logging_level="CRITICAL")
    return job


def test_failed_jobs_say_what_failed_and_why(admin_client: Client, failed: Job) -> None:
    listed = admin_client.get(address("failed_jobs", DEFAULT)).content.decode()
    detail = admin_client.get(address("job_detail", DEFAULT, failed.id)).content.decode()

    assert "truediv" in listed
    assert "ZeroDivisionError: division by zero" in listed
    assert "Welcome" not in listed
    assert "Traceback" in detail
    assert "Try again" in detail


def test_a_failed_job_is_tried_again_and_that_is_on_record(admin_client: Client, failed: Job) -> None:
    asked = admin_client.post(
        address("confirm_action", DEFAULT), {"action": "requeue", "_selected_action": [failed.id]}
    )
    assert "Try again 1 job of default?" in asked.content.decode()

    admin_client.post(address("actions", DEFAULT), {"action": "requeue", "job_ids": [failed.id]})

    assert failed.get_status() == "queued"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.details["queue"], entry.details["jobs"]) == ("requeued", "default", [failed.id])


def test_the_record_names_the_queue_that_was_emptied(admin_client: Client) -> None:
    for place, listed in enumerate(get_queues_list()):
        admin_client.post(address("clear", place))

        assert AuditEntry.objects.latest("id").details["queue"] == listed["name"]


@pytest.mark.parametrize("page", ["delete_job", "requeue_job", "enqueue_job", "stop_job"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_job_that_has_gone_meanwhile_is_no_error(admin_client: Client, page: str, method: str) -> None:
    answer = getattr(admin_client, method)(address(page, DEFAULT, "gone"), follow=True)

    assert answer.status_code in ((404, 405) if page == "stop_job" else (200,))
    assert page == "stop_job" or GONE in answer.content.decode()
    assert not AuditEntry.objects.filter(action__in=["deleted", "requeued"]).exists()


@pytest.mark.parametrize("action", ["delete", "requeue", "stop"])
def test_chosen_jobs_that_have_gone_meanwhile_are_no_error(admin_client: Client, action: str) -> None:
    chosen = {"action": action, "_selected_action": ["gone"], "job_ids": ["gone"]}

    assert admin_client.post(address("confirm_action", DEFAULT), chosen).status_code == 200
    assert admin_client.post(address("actions", DEFAULT), chosen, follow=True).status_code == 200


def test_what_is_not_there_is_not_found(admin_client: Client) -> None:
    for page in (address("jobs", 99), address("workers", 99), address("cron_scheduler_detail", DEFAULT, "gone")):
        assert admin_client.get(page).status_code == 404, page
    assert admin_client.get(address("job_detail", DEFAULT, "gone")).status_code == 404


@pytest.mark.parametrize(
    "page", ["jobs", "failed_jobs", "finished_jobs", "scheduled_jobs", "deferred_jobs", "started_jobs", "workers"]
)
def test_each_list_is_there_though_empty(admin_client: Client, queue: Any, page: str) -> None:
    assert admin_client.get(address(page, DEFAULT)).status_code == 200


def test_queues_that_cannot_be_asked_say_so(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: Any, **_options: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("django_rq.stats_views.get_statistics", away)

    assert "Valkey does not answer" in admin_client.get(address("home"), follow=True).content.decode()
