"""The admin's pages of nodes: found from the form of a flow, looked through, each with all that it may be told."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.flows.definition import everybody
from apps.flows.describing import node_pages
from apps.flows.models import Flow
from apps.flows.node import kinds

pytestmark = pytest.mark.django_db
ALL = reverse("admin:flows_nodes")


def linked(client: Client, address: str, **params: str) -> set[str]:
    """Return the keys of nodes to whose pages a page leads."""
    html = client.get(address, params).content.decode()
    return set(re.findall(rf'href="{ALL}([\w-]+)/"', html))


def test_all_nodes_are_there_and_the_form_of_a_flow_leads_to_those_that_it_may_have(admin_client: Client) -> None:
    form = reverse("admin:flows_flow_add")

    assert linked(admin_client, ALL) == linked(admin_client, form, kind=Flow.Kind.COLLECTION) == set(kinds)
    fitting = {key for key, kind in kinds.items() if everybody.fits(kind)}
    assert linked(admin_client, form, kind=Flow.Kind.SEGMENTATION) == fitting < set(kinds)
    for kind in (Flow.Kind.COLLECTION, Flow.Kind.SEGMENTATION):
        assert f'href="{ALL}"' in admin_client.get(form, {"kind": kind}).content.decode()


def test_somebody_looks_for_a_node_by_what_it_does(admin_client: Client) -> None:
    assert linked(admin_client, ALL, q="polar NIGHT") == {"day-or-night"}
    assert "No node has these words" in admin_client.get(ALL, {"q": "no-such"}).content.decode()


def test_whoever_comes_from_tracardi_finds_a_node_by_the_name_that_it_had_there(admin_client: Client) -> None:
    found = admin_client.get(ALL, {"q": "sleep"}).content.decode()
    assert f'<a class="cdp-link" href="{ALL}wait/">Wait</a>, which holds up nobody.' in found
    assert "No node has these words" not in found
    found = admin_client.get(ALL, {"q": "javascript"}).content.decode()
    assert "A script of a stranger on a page may read all that is on it." in found

    assert "In Tracardi: Sleep, Pause and Resume." in admin_client.get(f"{ALL}wait/").content.decode()
    assert "In Tracardi" not in admin_client.get(f"{ALL}sub-flow/").content.decode()


@pytest.mark.parametrize("key", ["end", "set-fields", "in-window"])
def test_a_page_tells_all_of_a_node(admin_client: Client, key: str) -> None:
    page = node_pages.named(key)
    shown = admin_client.get(reverse("admin:flows_node", args=[key]))

    assert shown.status_code == 200
    assert shown.context["page"] == page
    told = [page.title, *(f"<code>{name}</code>" for name in (*page.ports, *(row.name for row in page.settings)))]
    assert [text for text in told if text not in shown.content.decode()] == []


def test_a_node_that_there_is_not_has_no_page_and_nobody_sees_pages_of_flows_without_the_permission(
    admin_client: Client, client: Client
) -> None:
    assert admin_client.get(f"{ALL}nonsense/").status_code == 404

    client.force_login(User.objects.create(username="guest", is_staff=True))
    assert client.get(ALL).status_code == 403
    assert client.get(f"{ALL}start/").status_code == 403
