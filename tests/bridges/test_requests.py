"""What is typed, or comes of a template, says no more than it should: no other header, host or recipient."""

from typing import Any

import pytest

from apps.bridges.requests import problem_of_http, problem_of_mail


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"method": "TRACE"}, "method"),
        ({"method": "GET / HTTP/1.1\r\nX: y"}, "method"),
        ({"path": "//elsewhere.example\r\nHost: x"}, "path"),
        ({"path": "@elsewhere.example/"}, "path"),
        ({"path": ".elsewhere.example/"}, "path"),
        ({"path": ":99/"}, "path"),
        ({"path": "/a b"}, "path"),
        ({"path": "/a#b"}, "path"),
        ({"path": "/../admin"}, "path"),
        ({"path": "/a/%2E%2e/admin"}, "path"),
        ({"path": 5}, "path"),
        ({"body": {"a": 1}}, "body"),
        ({"headers": ["X: y"]}, "headers"),
        ({"headers": {"X y": "z"}}, "headers"),
        ({"headers": {"X\r\nY": "z"}}, "headers"),
        ({"headers": {"X": "y\r\nHost: elsewhere.example"}}, "headers.X"),
        ({"headers": {"X": "y\nZ: 1"}}, "headers.X"),
        ({"headers": {"X": 5}}, "headers.X"),
        ({"headers": {"host": "elsewhere.example"}}, "headers.host"),
        ({"headers": {"Content-Length": "0"}}, "headers.Content-Length"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "headers.Transfer-Encoding"),
        ({"headers": {"Idempotency-Key": "1"}}, "headers.Idempotency-Key"),
        ({"headers": {f"X-{number}": "" for number in range(51)}}, "headers"),
    ],
)
def test_a_request_that_would_say_more_is_refused(changed: dict[str, Any], field: str) -> None:
    problem = problem_of_http({"method": "POST", "path": "/hook", "body": "{}", **changed})

    assert problem is not None
    assert problem.field == field


@pytest.mark.parametrize("path", ["", "/", "/hook", "?a=1", "/a/b?c=%20d&e=../f", "/..a/b..", "/a:b@c"])
def test_paths_below_the_address_are_taken(path: str) -> None:
    assert problem_of_http({"method": "GET", "path": path, "headers": {"X-Anna": "Grüße"}}) is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"to": ""}, "to"),
        ({"to": "anna"}, "to"),
        ({"to": "anna@example.com, ben@example.com"}, "to"),
        ({"to": "anna@example.com\r\nBcc: ben@example.com"}, "to"),
        ({"to": "Anna\n <anna@example.com>"}, "to"),
        ({"to": ["anna@example.com"]}, "to"),
        ({"subject": "Hello\r\nBcc: ben@example.com"}, "subject"),
        ({"subject": "Hello\nX: y"}, "subject"),
        ({"subject": 5}, "subject"),
        ({"text": ""}, "text"),
        ({"html": 5}, "html"),
        ({"headers": {"List-Unsubscribe": "<https://x>\r\nBcc: ben@example.com"}}, "headers.List-Unsubscribe"),
        ({"headers": {"List-Unsubscribe": f"<https://shop.example/{'u' * 900}>"}}, "headers.List-Unsubscribe"),
        ({"headers": {"Bcc": "ben@example.com"}}, "headers.Bcc"),
        ({"headers": {"From": "ceo@example.com"}}, "headers.From"),
        ({"headers": {"Message-ID": "<1@x>"}}, "headers.Message-ID"),
        ({"headers": {"X:Y": "1"}}, "headers"),
    ],
)
def test_a_mail_that_would_say_more_is_refused(changed: dict[str, Any], field: str) -> None:
    problem = problem_of_mail({"to": "anna@example.com", "subject": "Hello", "text": "Hello", **changed})

    assert problem is not None
    assert problem.field == field


@pytest.mark.parametrize("to", ["anna@example.com", "Anna Example <anna@example.com>", "anna+shop@münchen.example"])
def test_a_mail_to_one_person_is_taken(to: str) -> None:
    headers = {"List-Unsubscribe": "<https://shop.example/u?1>"}

    assert problem_of_mail({"to": to, "subject": "Grüße", "html": "<p>Hello</p>", "headers": headers}) is None
