"""What user agents that are really sent tell."""

import pytest

from apps.sessions.agent import describe, is_bot

PARTS = "AppleWebKit/537.36 (KHTML, like Gecko)"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "type_", "os", "app"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {PARTS} Chrome/142.0.0.0 Safari/537.36",
            "pc",
            "Windows",
            "Chrome",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {PARTS} Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
            *("pc", "Windows", "Edge"),
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.1 Safari/605.1.15",
            "pc",
            "Mac OS X",
            "Safari",
        ),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "pc", "Ubuntu", "Firefox"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) {WEBKIT} Version/17.0 Mobile/15E148 Safari/604.1",
            *("mobile", "iOS", "Mobile Safari"),
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {WEBKIT} Version/16.6 Mobile/15E148 Safari/604.1",
            *("tablet", "iOS", "Mobile Safari"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 13; Pixel 7) {PARTS} Chrome/116.0.0.0 Mobile Safari/537.36",
            *("mobile", "Android", "Chrome Mobile"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-X200) {PARTS} Chrome/116.0.0.0 Safari/537.36",
            *("tablet", "Android", "Chrome"),
        ),
    ],
)
def test_browsers_tell_device_system_and_application(user_agent: str, type_: str, os: str, app: str) -> None:
    found = describe(user_agent)

    assert (found.device["type"], found.os["name"], found.app["name"]) == (type_, os, app)
    assert found.app["type"] == "browser"
    assert found.app["version"]
    assert not found.is_bot


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; GPTBot/1.0; +https://openai.com/gptbot)",
    ],
)
def test_robots_are_known_by_what_they_say(user_agent: str) -> None:
    assert is_bot(user_agent)
    assert describe(user_agent).device == {}


@pytest.mark.parametrize(
    "user_agent",
    [
        "curl/8.5.0",
        "python-requests/2.31.0",
        "Python-urllib/3.11",
        "Java/17.0.2",
        "Google-HTTP-Java-Client/1.43 (gzip)",
        "WooCommerce/8.0 Hookshot (WordPress/6.4)",
        "WordPress/6.4; https://shop.example",
        "okhttp/4.9.3",
        "Go-http-client/1.1",
        "node",
        "",
        "\x00",
        "x" * 100_000,
    ],
)
def test_back_ends_and_nonsense_are_no_robots_and_have_no_device(user_agent: str) -> None:
    found = describe(user_agent)

    assert not found.is_bot
    assert "type" not in found.app
    assert found.device == {}


def test_a_robot_is_marked_in_the_application() -> None:
    assert describe("Googlebot/2.1").app == {"name": "Googlebot", "version": "2.1", "bot": True}
