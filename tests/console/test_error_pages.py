"""Pages that stand where another one cannot say what is wrong, and lead back."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, override_settings
from django.urls import reverse

from apps.console import home

pytestmark = pytest.mark.django_db
HOME = 'href="/admin/"'


def test_who_may_not_see_a_page_reads_why_and_whom_to_ask() -> None:
    user = User.objects.create(username="ben", is_staff=True)
    user.groups.add(Group.objects.get(name="Analyst"))
    client = Client()
    client.force_login(user)

    answer = client.get(reverse("admin:auth_user_changelist"))

    text = answer.content.decode()
    assert answer.status_code == 403
    for part in ("ben", "Analyst", "Administrator", HOME):
        assert part in text


@pytest.mark.parametrize("address", ["/nothing", "/admin/nothing/"])
def test_what_is_not_there_says_so_and_leads_back(admin_client: Client, address: str) -> None:
    answer = admin_client.get(address)

    assert answer.status_code == 404
    assert "There is no such page." in answer.content.decode()
    assert HOME in answer.content.decode()


def test_a_parameter_that_is_not_understood_leads_back(admin_client: Client) -> None:
    answer = admin_client.get(reverse("admin:events_source_changelist"), {"name__regex": "x"})

    assert answer.status_code == 400
    assert HOME in answer.content.decode()


def test_our_own_mistakes_lead_back_and_show_nothing_of_themselves(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("what nobody should read")

    monkeypatch.setattr(home, "dashboard", fail)
    admin_client.raise_request_exception = False

    answer = admin_client.get(reverse("admin:index"))

    assert answer.status_code == 500
    assert "Something went wrong on our side." in answer.content.decode()
    assert "nobody should read" not in answer.content.decode()


def test_a_form_without_its_token_says_what_to_do(admin_client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="admin"))

    answer = strict.post(reverse("admin:events_source_add"), {"name": "Shop"})

    assert answer.status_code == 403
    assert "Nothing was changed." in answer.content.decode()


@override_settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"])
def test_who_signs_in_with_a_foreign_address_to_go_on_to_comes_home() -> None:
    User.objects.create_superuser("anna", password="a-long-secret-7")
    form = {"username": "anna", "password": "a-long-secret-7", "next": "https://evil.example/"}

    answer = Client().post(reverse("admin:login"), form)

    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))


def test_a_page_that_was_open_for_long_learns_whether_somebody_is_signed_in(admin_client: Client) -> None:
    address = reverse("admin:signed_in")

    assert admin_client.get(address).json().keys() == {"token"}
    assert Client().get(address).json() == {"login": reverse("admin:login")}
