"""Setting up tracked links."""

import struct
import zlib
from typing import Any
from uuid import uuid4

import pytest
import segno
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.events.models import Redirect
from tests.factories import RedirectFactory, SourceFactory

pytestmark = pytest.mark.django_db


def test_each_sees_the_address_by_which_they_came(admin_client: Client) -> None:
    """Rows are read in one request and shown in another's midst: threads share the pages' code."""
    site = admin.site.get_model_admin(Redirect)
    link = RedirectFactory()
    requests = [RequestFactory().get("/", headers={"host": host}) for host in ("localhost:1", "localhost:2")]

    rows = [site.get_queryset(request).get() for request in requests]

    shown = [site.address(row) for row in rows]
    assert [f"http://localhost:{port}/redirect/{link.pk}" in text for port, text in zip((1, 2), shown, strict=True)]


def test_a_link_can_only_go_to_a_web_page(admin_client: Client) -> None:
    form = {"name": "Sale", "source": SourceFactory(kind="redirect").pk, "event_type": "x", "properties": "{}"}

    for url in ("javascript:alert(1)", "ftp://host/file"):
        answer = admin_client.post(reverse("admin:events_redirect_add"), {**form, "url": url})
        assert "url" in answer.context["adminform"].form.errors


def test_an_expired_link_can_only_go_to_a_web_page_either(admin_client: Client) -> None:
    form = {"name": "Sale", "source": SourceFactory(kind="redirect").pk, "event_type": "link-clicked"}
    form |= {"properties": "{}", "url": "https://shop.example"}

    answer = admin_client.post(reverse("admin:events_redirect_add"), {**form, "expired_url": "ftp://shop.example/x"})

    assert list(answer.context["adminform"].form.errors) == ["expired_url"]


def test_where_a_link_leads_besides_is_said_in_the_form(admin_client: Client) -> None:
    form = {"name": "Sale", "source": SourceFactory(kind="redirect").pk, "event_type": "link-clicked"}
    form |= {"properties": "{}", "url": "https://shop.example", "is_enabled": "on", "takes_targets": "on"}
    form |= {"passes_parameters": "on", "expires_at_0": "2027-01-01", "expires_at_1": "12:00"}

    admin_client.post(reverse("admin:events_redirect_add"), {**form, "expired_url": "https://shop.example/over"})

    link = Redirect.objects.get()
    assert (link.takes_targets, link.passes_parameters, link.expired_url) == (True, True, "https://shop.example/over")
    assert link.expires_at is not None


def matrix_of(png: bytes) -> list[list[int]]:
    """Read the squares of a picture of black and white, those of the margin included."""
    chunks, at = {}, 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        chunks[kind] = png[at + 8 : at + 8 + length]
        at += length + 12
    width, height, depth = struct.unpack(">IIB", chunks[b"IHDR"][:9])
    assert (width, depth) == (height, 1)
    raw, stride = zlib.decompress(chunks[b"IDAT"]), (width + 7) // 8 + 1
    lines = [bytes(stride - 1)]
    for start in range(0, len(raw), stride):
        above = lines[-1] if raw[start] == 2 else bytes(stride - 1)  # a line may say what it has more than that
        lines.append(
            bytes((one + other) % 256 for one, other in zip(raw[start + 1 : start + stride], above, strict=True))
        )

    def is_black(x: int, y: int) -> int:
        return 1 - (lines[y + 1][x // 8] >> (7 - x % 8) & 1)

    return [[is_black(x, y) for x in range(10, width, 20)] for y in range(10, height, 20)]


def test_the_address_can_be_printed(admin_client: Client) -> None:
    link = RedirectFactory(name="Autumn sale")
    svg, png = (
        admin_client.get(reverse(f"admin:qr_{kind}", args=[link.pk]), HTTP_HOST="localhost:8123")
        for kind in ("svg", "png")
    )

    assert (svg["Content-Type"], png["Content-Type"]) == ("image/svg+xml", "image/png")
    assert png["Content-Disposition"] == 'attachment; filename="autumn-sale.png"'
    assert b"<svg" in svg.content
    expected = segno.make(f"http://localhost:8123/redirect/{link.pk}", error="m", micro=False)
    assert matrix_of(png.content) == [list(row) for row in expected.matrix_iter(border=4)]
    page = admin_client.get(reverse("admin:events_redirect_change", args=[link.pk])).content.decode()
    assert f"/{link.pk}/qr.svg" in page


def test_only_who_sees_links_prints_them(client: Any, admin_client: Client) -> None:
    link = RedirectFactory()
    client.force_login(User.objects.create(username="bob", is_staff=True))

    assert client.get(reverse("admin:qr_png", args=[link.pk])).status_code == 403
    assert admin_client.get(reverse("admin:qr_png", args=[uuid4()])).status_code == 404
