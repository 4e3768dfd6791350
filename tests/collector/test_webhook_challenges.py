"""Senders who ask whether an address is ours before they send anything to it."""

import json
import time
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.events.models import Event
from tests.collector.signed import basic, github, slack, webhook

TOKEN = {"challenge": "meta", "verify_token": "my own"}
META = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "my own"}


def said(answer: Any) -> str:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not Event.objects.exists()
    return str(answer.content.decode())


def test_slack_asks_and_signs_that(client: APIClient) -> None:
    source = webhook("slack", challenge="slack")
    body = json.dumps({"token": "x", "challenge": "3eZbrw1aB", "type": "url_verification"}).encode()

    now = str(int(time.time()))

    def ask(headers: dict[str, str]) -> Any:
        return client.post(f"/collect/x/{source.id}", body, content_type="application/json", headers=headers)

    assert said(ask(slack(body, at=now))) == "3eZbrw1aB"
    assert ask({}).status_code == 401


@pytest.mark.parametrize(
    "body", [b'"url_verification"', b'{"type": "url_verification"}', b'{"text": "url_verification"}']
)
def test_what_only_looks_like_a_question_of_slack_is_a_message(client: APIClient, body: bytes) -> None:
    source = webhook("slack", challenge="slack")

    answer = client.post(
        f"/collect/x/{source.id}", body, content_type="application/json", headers=slack(body, at=str(int(time.time())))
    )

    assert answer["Content-Type"] == "application/json"


def test_meta_shows_the_token_that_it_was_told(client: APIClient) -> None:
    source = webhook("github", **TOKEN)

    assert said(client.get(f"/collect/x/{source.id}", META)) == "1158201444"
    wrong = client.get(f"/collect/x/{source.id}", {**META, "hub.verify_token": "another"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_verify_token")
    assert client.get(f"/collect/x/{source.id}", {"hub.challenge": "x"}).status_code == 401


def test_microsoft_asks_by_an_empty_post(client: APIClient) -> None:
    source = webhook("github", challenge="microsoft")

    address = f"/collect/x/{source.id}?validationToken=Validation%3A+Testing+client+application"
    answer = client.post(address, "", content_type="text/plain")

    assert said(answer) == "Validation: Testing client application"


def test_others_want_a_parameter_back(client: APIClient) -> None:
    source = webhook("github", challenge="echo", challenge_parameter="check")

    assert said(client.get(f"/collect/x/{source.id}?check=<script>")) == "<script>"


def test_who_has_a_password_is_asked_for_it_first(client: APIClient) -> None:
    source = webhook("basic", user="anna", challenge="echo")
    address = f"/collect/x/{source.id}?challenge=x"

    assert client.get(address).status_code == 401
    assert said(client.get(address, headers=basic(b""))) == "x"


@pytest.mark.parametrize("asked", ["x" * 2_001, "a%0Ab", "a%00b"])
def test_only_so_much_is_said_back(client: APIClient, asked: str) -> None:
    source = webhook("github", challenge="echo")

    answer = client.get(f"/collect/x/{source.id}?challenge={asked}")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_challenge")


def test_nothing_is_said_back_where_nobody_said_so(client: APIClient) -> None:
    source = webhook("github")

    assert client.get(f"/collect/x/{source.id}?challenge=x").status_code == 401
    assert client.get(f"/collect/x/{source.id}", META).status_code == 401


def test_a_question_is_no_event_but_a_message_is(client: APIClient) -> None:
    source = webhook("github", challenge="echo")

    client.post(f"/collect/x/{source.id}", b"{}", content_type="application/json", headers=github(b"{}"))

    assert Event.objects.get().type == "x"
