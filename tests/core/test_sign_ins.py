"""Guessing passwords ends soon, and whatever happens at the door is in the audit log."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.core.models import AuditEntry

pytestmark = pytest.mark.django_db
LIMIT = 3
PASSWORD = "correct horse battery"
Try = Callable[..., HttpResponse]


@pytest.fixture
def attempt(settings: Any) -> Try:
    settings.AXES_FAILURE_LIMIT = LIMIT
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for name in ("anna", "bert"):
        User.objects.create_user(name, password=PASSWORD, is_staff=True)

    def send(name: str, password: str, *, ip: str = "203.0.113.7") -> Any:
        return Client(REMOTE_ADDR=ip).post("/admin/login/", {"username": name, "password": password})

    return send


def noted() -> list[tuple[str, str, dict[str, Any]]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "ip", "details"))


def test_after_some_wrong_passwords_not_even_the_right_one_works(attempt: Try) -> None:
    answers = [attempt("anna", f"guess {n}") for n in range(LIMIT)]

    assert [answer.status_code for answer in answers] == [200] * (LIMIT - 1) + [429]
    refused = attempt("anna", PASSWORD)
    assert refused.status_code == 429
    assert "Too many attempts" in refused.content.decode()


def test_an_address_that_guesses_for_many_names_is_stopped_too(attempt: Try) -> None:
    for n in range(LIMIT):
        attempt(f"user-{n}", "Spring2026")

    assert attempt("anna", PASSWORD).status_code == 429


def test_nobody_is_locked_out_by_somebody_elsewhere(attempt: Try) -> None:
    for n in range(LIMIT + 2):
        attempt("anna", f"guess {n}", ip="198.51.100.9")

    assert attempt("anna", PASSWORD, ip="203.0.113.7").status_code == 302


def test_the_pause_ends_by_itself_and_success_begins_anew(attempt: Try) -> None:
    for n in range(LIMIT):
        attempt("anna", f"guess {n}")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(hours=1))

    assert attempt("anna", PASSWORD).status_code == 302
    assert [attempt("anna", "typo").status_code, attempt("anna", PASSWORD).status_code] == [200, 302]
    assert [attempt("anna", "typo").status_code for _ in range(LIMIT - 1)] == [200] * (LIMIT - 1)


def test_sign_ins_and_what_failed_are_in_the_audit_log(attempt: Try) -> None:
    attempt("anna", "typo")
    attempt("anna", PASSWORD)
    attempt("my secret passphrase", "anna", ip="198.51.100.9")  # a password typed into the wrong field

    here, there = "203.0.113.7", "198.51.100.9"
    assert noted() == [
        ("sign-in failed", here, {"name": "anna"}),
        ("signed in", here, {}),
        ("sign-in failed", there, {}),
    ]
    assert "secret" not in str(list(AuditEntry.objects.values()))


def test_a_lock_is_noted_once_however_long_somebody_goes_on(attempt: Try) -> None:
    for n in range(LIMIT + 5):
        attempt("bert", f"guess {n}")

    assert [action for action, _, _ in noted()] == ["sign-in failed"] * (LIMIT - 1) + ["locked out"]


def test_pages_carry_a_policy_that_lets_nobody_elses_scripts_run(client: Client) -> None:
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]

    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'self'"
    assert "'unsafe-inline'" not in directives["script-src"]
    assert directives["frame-ancestors"] == directives["object-src"] == directives["base-uri"] == "'none'"


def test_a_script_is_told_that_nobody_is_signed_in_and_gets_no_token_of_the_form(client: Client) -> None:
    page = client.get("/admin/flows/flow/", headers={"Accept": "text/html,*/*;q=0.8"})
    script = client.get("/admin/conditions/people/fields/", headers={"Accept": "*/*"})

    assert (page.status_code, page.headers["Location"]) == (302, "/admin/login/?next=/admin/flows/flow/")
    assert (script.status_code, script.content, dict(script.cookies)) == (401, b"You are signed out.", {})
