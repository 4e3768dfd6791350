"""Which processes there are, and how supervisord is told about them."""

import configparser
import os
import socket
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.console import supervision
from apps.console.ports import address_of, answers, check_port
from apps.console.supervision import MANAGE, Program, programs, roles, write_config
from apps.core.queues import queues
from cdp import embedded, system_user
from cdp.processes import BASE_DIR, tied
from tests.live import free_port, wait_for


def test_each_queue_has_a_role_that_takes_from_it() -> None:
    commands = roles(host="127.0.0.1", port=1)

    for name, queue in queues.items():
        assert [role for role, command in commands.items() if name in command] == [queue.role]


def test_servers_of_the_operator_are_not_started(tmp_path: Path) -> None:
    own = programs(tmp_path, host="127.0.0.1", port=1, has_postgres=False, has_valkey=False)
    everything = programs(tmp_path, host="127.0.0.1", port=1, has_postgres=True, has_valkey=True)

    names = ["web", "ingest", "worker", "deliveries", "flows", "bridges", "cron", "alerts"]
    assert [program.name for program in own] == names
    assert [program.name for program in everything if program.starts_first] == ["postgres", "valkey"]


def test_the_configuration_keeps_commands_as_they_are(tmp_path: Path) -> None:
    odd = Program("odd", ["/bin/echo", "100% sure", "it's; one"])

    conf = configparser.RawConfigParser()
    conf.read(write_config(tmp_path, [odd]))

    assert conf["program:odd"]["command"] == "/bin/echo '100%% sure' 'it'\"'\"'s; one'"
    assert conf["program:odd"]["autostart"] == "false"


def test_all_but_the_servers_stop_at_the_same_time_and_before_them(tmp_path: Path) -> None:
    conf = configparser.RawConfigParser()

    conf.read(write_config(tmp_path, programs(tmp_path, host="::", port=1, has_postgres=False, has_valkey=True)))

    names = "web,ingest,worker,deliveries,flows,bridges,cron,alerts"
    assert dict(conf["group:roles"]) == {"programs": names, "priority": "50"}
    assert dict(conf["group:servers"]) == {"programs": "valkey", "priority": "10"}


def test_the_web_server_takes_as_many_processes_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_WORKERS", "5")

    command = supervision.web_command(host="0.0.0.0", port=80)

    assert command[command.index("--workers") + 1] == "5"


def test_run_becomes_the_process_of_a_role(monkeypatch: pytest.MonkeyPatch) -> None:
    became = []
    monkeypatch.setenv("CDP_HOST", "0.0.0.0")
    monkeypatch.setenv("CDP_PORT", "8123")
    monkeypatch.setattr("os.execvp", lambda path, command: became.append((path, command)))

    for role, command in roles(host="0.0.0.0", port=8123).items():
        call_command("run", role)
        assert became.pop() == (command[0], command)


def test_run_web_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    env = {**os.environ, "CDP_PORT": str(port), "CDP_VAR_DIR": str(tmp_path), "WEB_WORKERS": "1"}
    process = subprocess.Popen(tied([*MANAGE, "run", "web"]), env=env, cwd=BASE_DIR)
    try:
        wait_for(lambda: process.poll() is not None or answers("127.0.0.1", port), "the web server")
        process.terminate()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()


def test_a_web_server_does_not_share_the_port_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[str] = []
    monkeypatch.setattr("os.execvp", lambda path, command: became.append(path))
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as granian does
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("CDP_HOST", "127.0.0.1")
        monkeypatch.setenv("CDP_PORT", str(other.getsockname()[1]))

        with pytest.raises(CommandError, match="Address already in use"):
            call_command("run", "web")
        call_command("run", "worker")

    assert len(became) == 1


def test_run_names_the_roles_that_there_are() -> None:
    with pytest.raises(
        CommandError, match="'web', 'ingest', 'worker', 'deliveries', 'flows', 'bridges', 'cron', 'alerts'"
    ):
        call_command("run", "wbe")


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80")],
)
def test_the_address_that_is_told_can_be_opened_on_this_machine(host: str, address: str) -> None:
    assert address_of(host, 80) == address


def test_a_port_that_cannot_be_is_told() -> None:
    with pytest.raises(CommandError, match="port 99999"):
        check_port("127.0.0.1", 99999)
    with pytest.raises(CommandError, match="choose others with CDP_HOST and CDP_PORT"):
        check_port("no.such.host.invalid", 0)


def test_data_that_another_user_made_are_told_before_postgresql_refuses_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    monkeypatch.setattr(system_user, "system_user", lambda: "nobody")

    with pytest.raises(embedded.NotReady, match="made by another user"):
        embedded.prepare_postgres(tmp_path)


def test_down_says_how_many_processes_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_VAR_DIR", str(tmp_path))

    done = subprocess.run([*MANAGE, "down"], capture_output=True, text=True, timeout=60)

    assert done.stdout == "Stopped 0 processes.\n"


@pytest.mark.parametrize(("role", "end"), [("ingest", "--once"), ("worker", "--burst"), ("cron", "--once")])
def test_a_crontab_runs_a_role_until_there_is_nothing_to_do(
    role: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    became = []
    monkeypatch.setattr("os.execvp", lambda path, command: became.append(command))

    call_command("run", role, once=True)

    assert became == [[*roles(host="", port=1)[role], end]]


def test_what_serves_does_not_end_by_itself() -> None:
    with pytest.raises(
        CommandError,
        match=r"--once is for ingest, worker, deliveries, flows, bridges, cron, alerts\.",
    ):
        call_command("run", "web", once=True)
