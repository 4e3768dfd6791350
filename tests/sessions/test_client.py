"""Devices, systems and apps, as browsers and the SDKs of apps tell of them."""

from typing import Any

import pytest

from apps.sessions.client import describe_client
from tests.factories import CHROME, GOOGLEBOT

PIXEL = {"type": "Android", "model": "Pixel 8", "manufacturer": "Google", "name": "shiba"}
SHOP = {"name": "Shop", "version": "3.1", "build": 7, "namespace": "example.shop"}
DALVIK = "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UD1A.230803.041)"


@pytest.mark.parametrize("user_agent", ["", DALVIK])
def test_an_app_is_what_its_sdk_says(user_agent: str) -> None:
    context = {"os": {"name": "Android", "version": "14"}, "app": SHOP, "device": PIXEL}

    found = describe_client(user_agent, context)

    assert found.os == {"name": "Android", "version": "14"}
    assert found.app == {"name": "Shop", "version": "3.1"}
    assert found.device == {"name": "shiba", "brand": "Google", "model": "Pixel 8", "type": "mobile"}


def test_a_browser_is_its_user_agent_whatever_its_sdk_calls_app() -> None:
    context = {"os": {"name": "", "version": ""}, "app": {"name": "JavaScript SDK", "version": "2"}}

    found = describe_client(CHROME, context)

    assert (found.os["name"], found.app["name"], found.device["type"]) == ("Windows", "Chrome", "pc")


@pytest.mark.parametrize(
    ("device", "os", "kind"),
    [
        ({"type": "ios", "model": "iPhone15,2"}, "iOS", "mobile"),
        ({"type": "ios", "model": "iPad13,4"}, "iOS", "tablet"),
        ({"model": "iPad13,4"}, "iPadOS", "tablet"),
        ({}, "Android", "mobile"),
        ({"type": "Smart-Phone"}, "", "mobile"),
        ({"type": "Desktop"}, "", "pc"),
        ({}, "macOS", "pc"),
        ({"type": "tvOS"}, "", "tv"),
        ({"type": "TABLET"}, "Android", "tablet"),
        ({"type": "fridge"}, "", None),
        ({"type": 5}, "", None),
        ("phone", "", None),
    ],
)
def test_the_class_of_a_device_is_one_of_a_few_words(device: Any, os: str, kind: str | None) -> None:
    assert describe_client("", {"device": device, "os": {"name": os}}).device.get("type") == kind


@pytest.mark.parametrize("said", [None, [], "text", 5, {}, {"name": 5}, {"name": " "}, {"version": "1"}])
def test_odd_words_describe_nothing(said: Any) -> None:
    assert describe_client("", {"os": said, "app": said, "device": said})[1:] == ({}, {}, False)


def test_a_crawler_stays_one() -> None:
    assert describe_client(GOOGLEBOT, {"app": {"name": "Shop"}}).is_bot
