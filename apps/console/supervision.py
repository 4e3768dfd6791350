"""The processes of the platform: the command of each role, and all of them on one machine under supervisord."""

import os
import resource
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.core.queues import of_role
from cdp import arrival, embedded, env
from cdp.processes import BASE_DIR, tied

MANAGE = [sys.executable, str(BASE_DIR / "manage.py")]
SKIP_CHECKS = "--skip-checks"
LOG_BYTES, LOG_BACKUPS = "10MB", 3
# A program that ends sooner than that did not start. It is started again after a pause, which grows by a second each
# time: up to half a minute, as `manage.py up` then begins anew with those that supervisord has given up.
START_SECS, START_RETRIES = 10, 30
# What makes a role end as soon as it has nothing to do, for a crontab. The others serve until they are told to stop.
ONCE = {
    **{"ingest": "--once", "worker": "--burst", "deliveries": "--burst", "flows": "--burst"},
    **{"bridges": "--once", "cron": "--once", "alerts": "--once"},
}


@dataclass(frozen=True, slots=True)
class Program:
    """A process that is kept running."""

    name: str
    command: list[str]  # it ends with its supervisor
    stop_signal: str = "TERM"
    starts_first: bool = False  # before the migrations, since they need it


def listening() -> tuple[str, int]:
    """Read where the web server listens."""
    return env.text("CDP_HOST", "127.0.0.1"), env.integer("CDP_PORT", 8000)


def roles(*, host: str, port: int) -> dict[str, list[str]]:
    """Return the command of each role: the same for every supervisor, by `manage.py run ROLE`.

    Whoever starts a role has made the system checks, which would import all pages of the admin into each of them.
    """
    return {
        "web": web_command(host=host, port=port),
        "ingest": [*MANAGE, "ingest", SKIP_CHECKS],
        "worker": _worker("worker"),
        "deliveries": _worker("deliveries"),
        "flows": _worker("flows"),
        "bridges": [*MANAGE, "run_bridge", SKIP_CHECKS],
        "cron": [*MANAGE, "cron", SKIP_CHECKS],
        "alerts": [*MANAGE, "alerts", SKIP_CHECKS],
        "metrics": [*MANAGE, "metrics", SKIP_CHECKS],
    }


def _worker(role: str) -> list[str]:
    return [*MANAGE, "rqworker", *of_role(role), "--with-scheduler", SKIP_CHECKS]


def programs(var: Path, *, host: str, port: int, has_postgres: bool, has_valkey: bool) -> list[Program]:
    """List what runs on one machine; servers of the operator's own are left out."""
    found = []
    if has_postgres:
        found.append(Program("postgres", embedded.postgres_command(var), "INT", starts_first=True))
    if has_valkey:
        found.append(Program("valkey", tied(embedded.valkey_command(var)), starts_first=True))
    commands = roles(host=host, port=port)
    if settings.METRICS_BIND is None:
        del commands["metrics"]
    return [*found, *(Program(name, tied(command)) for name, command in commands.items())]


def web_command(*, host: str, port: int) -> list[str]:
    """Return the command of the web server: by default two processes, so that a crash of one is hardly noticed.

    Many threads: a request mostly waits for its group's transaction, and larger groups cost less for each; and those of
    slow senders wait for their bodies (`cdp.arrival`).
    """
    options = {
        "--interface": "wsgi",
        # Proxies speak it; and of HTTP/2 neither heads nor bodies have limits in time.
        "--http": "1",
        "--http1-header-read-timeout": str(int(arrival.HEADER_SECS * 1000)),
        "--host": host,
        "--port": str(port),
        "--workers": str(env.integer("WEB_WORKERS", 2, least=1)),
        "--blocking-threads": str(arrival.THREADS),
        "--backlog": "1024",
        "--backpressure": str(connections_of_a_process()),
        "--workers-kill-timeout": "10",
        "--log-level": "warning",
        "--log-config": str(BASE_DIR / "cdp" / "granian.json"),
    }
    flags = [part for name, value in options.items() for part in (name, value)]
    # The C library would share memory out to the threads, in up to eight parts a processor that it seldom gives back.
    granian = ["env", "MALLOC_ARENA_MAX=2", sys.executable, "-m", "granian"]
    return [*granian, *flags, "--respawn-failed-workers", "--no-ws", "cdp.wsgi:application"]


def connections_of_a_process() -> int:
    """Leave half of the files that a process may open for connections, up to 4096: idle ones must keep nobody out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(4096, most // 2) if most > 0 else 4096


def write_config(var: Path, running: list[Program]) -> Path:
    """Write supervisord's configuration and return its path."""
    log = var / "log"
    log.mkdir(parents=True, exist_ok=True)
    log.chmod(0o750)
    for path in log.iterdir():
        path.chmod(0o640)
    socket = control_socket(var)
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    sections = [
        _section(
            "supervisord",
            logfile=str(log / "supervisord.log"),
            pidfile=str(var / "supervisord.pid"),
            childlogdir=str(log),
            nodaemon="true",
            silent="true",
            **({"user": "root"} if os.geteuid() == 0 else {}),
        ),
        _section("unix_http_server", file=str(socket), chmod="0700"),
        _section("rpcinterface:supervisor", **{"supervisor.rpcinterface_factory": RPC_FACTORY}),
        *(_program_section(program, log) for program in running),
        *_group_sections(running),
    ]
    path = var / "supervisord.conf"
    path.write_text("\n".join(sections))
    return path


def control_socket(var: Path) -> Path:
    """Name the socket by which supervisord is told what to do."""
    return embedded.short_dir(var, "supervisor") / "supervisor.sock"


RPC_FACTORY = "supervisor.rpcinterface:make_main_rpcinterface"


def _group_sections(running: list[Program]) -> list[str]:
    """Group what stops at the same time: all else first, then the servers that it needs."""
    found = []
    for name, priority, starts_first in (("servers", 10, True), ("roles", 50, False)):
        names = [program.name for program in running if program.starts_first is starts_first]
        if names:
            found.append(_section(f"group:{name}", programs=",".join(names), priority=str(priority)))
    return found


def _program_section(program: Program, log: Path) -> str:
    return _section(
        f"program:{program.name}",
        command=shlex.join(program.command),
        directory=str(BASE_DIR),
        autostart="true" if program.starts_first else "false",
        autorestart="true",
        startsecs=str(START_SECS),
        startretries=str(START_RETRIES),
        stopsignal=program.stop_signal,
        stopwaitsecs="20",
        killasgroup="true",
        stopasgroup="false" if program.name == "postgres" else "true",
        stdout_logfile=str(log / f"{program.name}.log"),
        stdout_logfile_maxbytes=LOG_BYTES,
        stdout_logfile_backups=str(LOG_BACKUPS),
        redirect_stderr="true",
    )


def _section(name: str, **options: str) -> str:
    # supervisord reads % as the beginning of a substitution.
    lines = "".join(f"{option} = {value.replace('%', '%%')}\n" for option, value in options.items())
    return f"[{name}]\n{lines}"
