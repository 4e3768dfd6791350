"""Connections by HTTP: what is refused, what goes with each request, and what a test says of each part."""

from typing import Any

import pytest

from apps.bridges.connection_kind import Report
from apps.bridges.kinds import http
from apps.bridges.kinds.http import HttpSettings
from apps.core.typed_settings import SettingsError, read
from tests.outside import Outside


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.part.value, finding.state.value) for finding in report.findings]


def settings_of(**document: Any) -> HttpSettings:
    return read(HttpSettings, document)


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({}, "base_url", "has to be filled in"),
        ({"base_url": "ftp://hook.example"}, "base_url", "https:// or http://"),
        ({"base_url": "https://anna:geheim@hook.example"}, "base_url", "must not have a user name"),
        ({"base_url": "https://10.0.0.1"}, "base_url", "EGRESS_ALLOWED_NETWORKS"),
        ({"base_url": "https://hook.example/?a=1"}, "base_url", "neither ? nor #"),
        ({"base_url": "https://hook example"}, "base_url", "no name of a host"),
        ({"base_url": "https://hook.example", "auth": "bearer"}, "token", "has to be filled in"),
        ({"base_url": "https://hook.example", "token": "t"}, "token", "only there where auth is bearer"),
        ({"base_url": "https://hook.example", "headers": {"Host": "x"}}, "headers.Host", "set by the platform"),
        ({"base_url": "https://hook.example", "headers": {"a b": "x"}}, "headers.a b", "letters, digits and hyphens"),
        ({"base_url": "https://hook.example", "headers": {"X": "a\r\nY: b"}}, "headers.X", "one line"),
        ({"base_url": "https://hook.example", "headers": {"X": "é"}}, "headers.X", "ASCII"),
        ({"base_url": "https://hook.example", "auth": "bearer", "token": "schlüssel"}, "token", "ASCII"),
        ({"base_url": "https://hook.example", "test_path": "v1"}, "test_path", "begins with /"),
        ({"base_url": "https://hook.example", "time_out": "3 minutes"}, "time_out", "At most 2 minutes"),
        ({"base_url": "http://93.184.215.14", "auth": "bearer", "token": "t"}, "base_url", "take https"),
        (
            {"base_url": "https://a.example", "auth": "header", "header_name": "X-Key", "header_value": "v"}
            | {"headers": {"x-key": "w"}},
            "headers",
            "X-Key is the header that lets us in",
        ),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(HttpSettings, document)

    [problem] = [problem for problem in raised.value.problems if problem.path == path]
    assert message in problem.message


@pytest.mark.parametrize(
    ("document", "name", "value"),
    [
        ({"auth": "basic", "user": "anna", "password": "p:w"}, "authorization", "Basic YW5uYTpwOnc="),
        ({"auth": "bearer", "token": "t0ken"}, "authorization", "Bearer t0ken"),
        ({"auth": "header", "header_name": "X-Api-Key", "header_value": "k"}, "x-api-key", "k"),
        ({"headers": {"X-Tenant": "shop"}}, "x-tenant", "shop"),
    ],
)
def test_each_request_has_what_lets_it_in(system: Outside, document: dict[str, Any], name: str, value: str) -> None:
    report = http.test(settings_of(base_url=f"{system.address}/v1", test_path="/me", **document))

    assert report.is_well
    assert (system.taken[0].path, system.taken[0].headers[name]) == ("/v1/me", value)


def test_a_test_that_goes_well_says_so_of_each_part(secure_system: Outside, trusted: None) -> None:
    address = f"https://hook.example:{secure_system.port}"
    report = http.test(settings_of(base_url=address, auth="bearer", token="t"))

    assert told(report) == [(part, "well") for part in ("name", "network", "tls", "sign_in", "right")]
    assert secure_system.taken[0].path == "/"


@pytest.mark.parametrize(
    ("base_url", "part", "message"),
    [
        ("https://nobody.example", "name", "There is no host nobody.example"),
        ("https://hook.example:1", "network", "No connection to hook.example, port 1"),
    ],
)
def test_whom_nobody_reaches_is_said_by_name_or_network(base_url: str, part: str, message: str) -> None:
    report = http.test(settings_of(base_url=base_url))

    assert not report.is_well
    assert report.findings[-1].part == part
    assert message in report.findings[-1].told
    assert all(finding.state == "well" for finding in report.findings[:-1])


def test_a_certificate_that_is_not_to_be_trusted_is_the_third_part(secure_system: Outside) -> None:
    report = http.test(settings_of(base_url=f"https://hook.example:{secure_system.port}"))

    assert told(report) == [("name", "well"), ("network", "well"), ("tls", "failed")]
    assert "certificate of hook.example is not to be trusted" in report.findings[-1].told
    assert secure_system.taken == []


@pytest.mark.parametrize(
    ("status", "last"),
    [
        (204, ("right", "well")),
        (302, ("right", "failed")),
        (401, ("sign_in", "failed")),
        (403, ("right", "failed")),
        (404, ("right", "doubt")),
        (407, ("sign_in", "failed")),
        (422, ("right", "doubt")),
        (503, ("right", "doubt")),
    ],
)
def test_an_answer_tells_of_sign_in_and_right(system: Outside, status: int, last: tuple[str, str]) -> None:
    system.status = status
    report = http.test(settings_of(base_url=system.address, auth="bearer", token="t0ken"))

    assert told(report)[-1] == last
    assert str(status) in report.findings[-1].told
    assert "t0ken" not in " ".join(finding.told for finding in report.findings)


def test_a_name_that_leads_outside_gets_no_credentials_unencrypted(settings: Any, system: Outside) -> None:
    found = settings_of(base_url=f"http://hook.example:{system.port}", auth="bearer", token="t")
    settings.EGRESS_ALLOWED_NETWORKS = []

    assert told(http.test(found)) == [("name", "failed")]
    assert system.taken == []
