"""Connections by SMTP, with a real mail server: what is refused, and what a test says of each part."""

import socket
import threading
from typing import Any

import pytest

from apps.bridges.connection_kind import Report
from apps.bridges.kinds import smtp
from apps.bridges.kinds.smtp import SmtpSettings
from apps.core.typed_settings import SettingsError, read
from tests.bridges.conftest import StartMail


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.part.value, finding.state.value) for finding in report.findings]


def settings_of(port: int, **document: Any) -> SmtpSettings:
    usual = {"host": "hook.example", "from_address": "news@shop.example", "port": port, "time_out": "15 seconds"}
    if document.get("sign_in") != "none":
        usual |= {"user": "anna", "password": "open sesame"}
    return read(SmtpSettings, {**usual, **document})


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"host": ""}, "host", "has to be filled in"),
        ({"host": "smtp://mail"}, "host", "no name of a host"),
        ({"host": "10.0.0.1"}, "host", "EGRESS_ALLOWED_NETWORKS"),
        ({"port": 70_000}, "port", "At most 65,535"),
        ({"from_address": "shop"}, "from_address", "shop is no e-mail address"),
        ({"from_address": "shop@bücher.example"}, "from_address", "xn--"),
        ({"from_name": "Shop\r\nBcc: all"}, "from_name", "one line"),
        ({"reply_to": "x@"}, "reply_to", "no e-mail address"),
        ({"host": "93.184.215.14", "security": "none"}, "security", "outside of the networks"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(document: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(**{"port": 25, **document})

    [problem] = raised.value.problems
    assert problem.path == path
    assert message in problem.message


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_test_that_goes_well_says_so_of_each_part(trusted: None, mail_server: StartMail, security: str) -> None:
    report = smtp.test(settings_of(mail_server(tls=security), security=security))

    assert told(report) == [(part, "well") for part in ("name", "network", "tls", "sign_in", "right")]


def test_within_our_own_networks_nothing_has_to_be_encrypted(mail_server: StartMail, settings: Any) -> None:
    port = mail_server(tls="none", has_auth=False)
    found = settings_of(port, security="none", sign_in="none")

    assert told(smtp.test(found)) == [("name", "well"), ("network", "well"), ("tls", "doubt"), ("right", "well")]
    settings.EGRESS_ALLOWED_NETWORKS = []
    assert told(smtp.test(found)) == [("name", "failed")]


def test_a_certificate_that_is_not_to_be_trusted_is_the_third_part(mail_server: StartMail) -> None:
    for security in ("starttls", "tls"):
        report = smtp.test(settings_of(mail_server(tls=security), security=security))

        assert told(report) == [("name", "well"), ("network", "well"), ("tls", "failed")]
        assert "certificate of hook.example is not to be trusted" in report.findings[-1].told


def test_a_server_without_tls_gets_no_password(mail_server: StartMail) -> None:
    report = smtp.test(settings_of(mail_server(tls="none"), security="starttls"))

    assert told(report)[-1] == ("tls", "failed")
    assert "does not offer to turn to TLS" in report.findings[-1].told


def test_a_wrong_password_is_said_of_the_sign_in_and_not_shown(trusted: None, mail_server: StartMail) -> None:
    report = smtp.test(settings_of(mail_server(), password="close sesame"))

    assert told(report)[-1] == ("sign_in", "failed")
    assert "535" in report.findings[-1].told
    assert "sesame" not in " ".join(finding.told for finding in report.findings)


def test_a_server_where_nobody_can_or_everybody_must_sign_in(trusted: None, mail_server: StartMail) -> None:
    without = smtp.test(settings_of(mail_server(tls="none"), security="none"))
    assert without.findings[-1].told == "It lets nobody sign in here: it takes no AUTH."

    nobody = smtp.test(settings_of(mail_server(), sign_in="none"))
    assert told(nobody)[-1] == ("sign_in", "failed")


def test_a_sender_who_may_not_is_the_last_part(trusted: None, mail_server: StartMail) -> None:
    report = smtp.test(settings_of(mail_server(), from_address="news@other.example"))

    assert told(report)[-1] == ("right", "failed")
    assert "does not take mail from news@other.example: it said 550" in report.findings[-1].told


def test_what_speaks_no_smtp_or_nothing_at_all_is_said_of_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            server.accept()[0].close()
            taken, _ = server.accept()
            taken.sendall(b"554 go away\r\n")
            silent.append(taken)
            silent.append(server.accept()[0])

        silent: list[socket.socket] = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        reports = [smtp.test(settings_of(port, time_out=f"{secs} seconds")) for secs in (15, 15, 1)]
        thread.join()
        for taken in silent:
            taken.close()

    said = [report.findings[-1].told for report in reports]
    assert [told(report)[-1] for report in reports] == [("network", "failed")] * 3
    assert "broke off, or speaks no SMTP" in said[0]
    assert "554" in said[1]
    assert "it takes too long" in said[2]
    assert "No connection" in smtp.test(settings_of(1)).findings[-1].told


def test_a_server_that_says_nothing_to_a_sign_in_is_told_as_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def serve() -> None:
            taken.append(server.accept()[0])
            taken[0].sendall(b"220 here\r\n")
            taken[0].recv(1_000)
            taken[0].sendall(b"250-here\r\n250 AUTH PLAIN\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        signing = {"security": "none", "sign_in": "password", "user": "anna", "password": "secret"}
        report = smtp.test(settings_of(server.getsockname()[1], time_out="3 seconds", **signing))
        thread.join()
        taken[0].close()

    assert told(report)[-1] == ("sign_in", "failed")
    assert report.findings[-1].told == "hook.example gives no answer to the sign-in within 3 s."
