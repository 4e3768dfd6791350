"""Marketers start from a ready flow: they see what it needs and what is missing, and press a button."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from apps.flows.models import Flow
from apps.flows.ready.ready_flows import ready_flows
from tests.bridges.factories import ConnectionFactory
from tests.factories import ConsentTypeFactory, SourceFactory
from tests.flows.ready.in_memory import HOME

pytestmark = pytest.mark.django_db


def page(client: Client, **filled: Any) -> Any:
    address = reverse("admin:flows_flow_start_from_ready")
    return client.post(address, filled, follow=True) if filled else client.get(address)


def part_of(answer: Any, key: str) -> str:
    """Return the part of the page that is about one of them."""
    [found] = re.findall(rf'<section[^>]* id="{key}">(.+?)</section>', answer.content.decode(), re.DOTALL)
    return str(found)


def test_what_is_there_has_a_tick_and_what_is_missing_leads_to_where_it_is_made(admin_client: Client) -> None:
    ConsentTypeFactory(id="marketing-email")
    ConnectionFactory(name="Our mail", kind="smtp")
    SourceFactory(allowed_origins=[HOME])

    answer = page(admin_client)

    part = part_of(answer, "win-back")
    assert part.count("cdp-there") == 2
    assert "Our mail" in part
    assert "segment/add/?key=active-customers&amp;name=Active+customers&amp;kind=condition&amp;condition=DID" in part
    assert "connection/add/?kind=http" in part_of(answer, "vip-alert")
    assert "kind=flow" in part_of(answer, "vip-alert")
    assert f'value="{HOME}"' in answer.content.decode()


def test_each_is_a_picture_in_the_gallery_and_larger_beside_what_it_needs(admin_client: Client) -> None:
    answer = page(admin_client)

    assert set(re.findall(r'<use href="#drawn-([\w-]+)"/>', answer.content.decode())) == set(ready_flows())
    part = part_of(answer, "welcome-series")
    assert part.count('class="cdp-drawn-card"') == len(ready_flows()["welcome-series"].file["definition"]["nodes"])
    assert '<g data-group="messages"><title>What others like best</title>' in part
    assert reverse("admin:flows_flow_import_flow") in answer.content.decode()


def test_the_form_of_a_segment_that_is_missing_is_filled_in(admin_client: Client) -> None:
    [address] = re.findall(r'href="([^"]+key=active-customers[^"]+)"', part_of(page(admin_client), "win-back"))

    form = admin_client.get(address.replace("&amp;", "&")).context["adminform"].form

    assert form["condition"].value() == 'DID("order-completed" LAST 90 DAYS)'
    assert (form["name"].value(), form["kind"].value()) == ("Active customers", "condition")


def test_a_button_makes_the_draft_and_leads_to_it(admin_client: Client) -> None:
    ConnectionFactory(name="Our mail", kind="smtp")
    ConnectionFactory(name="Their mail", kind="smtp")

    answer = page(admin_client, site=HOME, ready="abandoned-cart", **{"connection-Shop mail": "Their mail"})

    row = Flow.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("admin:flows_overview", args=[row.pk])
    told = "Abandoned cart is here, as a draft. Before it can be published it needs: consent News by e-mail."
    assert told in answer.content.decode()
    assert json.dumps(row.draft).count('"Their mail"') == 2


def test_it_is_named_and_taken_twice_under_two_names(admin_client: Client) -> None:
    page(admin_client, site=HOME, ready="birthday", **{"name-birthday": "Birthday"})
    again = part_of(page(admin_client), "birthday")
    overview = reverse("admin:flows_overview", args=[Flow.objects.get().pk])
    assert f'You have one already: <a class="cdp-link" href="{overview}">Birthday</a>.' in again
    assert 'value="Birthday 2"' in again

    refused = part_of(page(admin_client, site=HOME, ready="birthday", **{"name-birthday": "Birthday"}), "birthday")
    assert "There is a flow birthday already: give this one another name." in refused
    nameless = part_of(page(admin_client, site=HOME, ready="birthday", **{"name-birthday": "\u2605"}), "birthday")
    assert "Its key is made of it: it needs a letter from a to z." in nameless
    page(admin_client, site=HOME, ready="birthday", **{"name-birthday": "Birthdays of children"})

    assert set(Flow.objects.values_list("key", "name")) == {
        *(("birthday", "Birthday"), ("birthdays-of-children", "Birthdays of children"))
    }


def test_a_site_that_is_none_is_told_beside_its_field(admin_client: Client) -> None:
    answer = page(admin_client, site="our shop", ready="abandoned-cart")

    assert "Write it as https://www.shop.example" in answer.content.decode()
    assert not Flow.objects.exists()
    assert page(admin_client, site=HOME, ready="no-such").status_code == 404


def test_it_is_for_those_who_make_flows(client: Client) -> None:
    user = User.objects.create(username="ben", is_staff=True)
    user.groups.add(Group.objects.get(name="Analyst"))
    client.force_login(user)

    assert page(client).status_code == 403
