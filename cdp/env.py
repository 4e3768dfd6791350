"""Read settings from the environment; junk is refused with the name of the variable."""

import os
import tempfile
from collections.abc import Collection
from contextlib import suppress
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# How soon a database that fell silent (its machine died, its network was cut) is given up: some ten seconds, where
# libpq would wait for minutes. See "Database connection control functions" in PostgreSQL's manual.
CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def text(name: str, default: str) -> str:
    """Read a text."""
    return os.environ.get(name, default)


def boolean(name: str, *, default: bool) -> bool:
    """Read yes or no. Raises ImproperlyConfigured naming the variable."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be one of {', '.join(filter(None, TRUE + FALSE))}, not {value!r}.")


def integer(name: str, default: int, *, least: int = 0) -> int:
    """Read a whole number that is not too small. Raises ImproperlyConfigured naming the variable."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if number < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}, not {number}.")
    return number


def day(name: str, default: str) -> date:
    """Read a date. Raises ImproperlyConfigured naming the variable."""
    value = os.environ.get(name) or default
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a date such as 1990-01-31, not {value!r}.") from None


def choice(name: str, default: str, choices: Collection[str]) -> str:
    """Read one of some words, whatever their case. Raises ImproperlyConfigured naming the variable."""
    value = os.environ.get(name) or default
    found = next((word for word in choices if word.lower() == value.lower()), None)
    if found is None:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return found


def listing(name: str, default: list[str]) -> list[str]:
    """Read a list, separated by commas."""
    value = os.environ.get(name)
    return default if value is None else [item.strip() for item in value.split(",") if item.strip()]


def networks(name: str, default: list[str]) -> list[IPv4Network | IPv6Network]:
    """Read IP networks, separated by commas. Raises ImproperlyConfigured naming the variable."""
    try:
        return [ip_network(text) for text in listing(name, default)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must list networks such as 10.0.0.0/8: {error}.") from None


def folders(name: str, default: list[str]) -> list[str]:
    """Read folders, separated by colons. Raises ImproperlyConfigured naming the variable."""
    found = [path for path in os.environ.get(name, ":".join(default)).split(":") if path]
    if any(not path.startswith("/") or os.path.normpath(path) == "/" for path in found):
        raise ImproperlyConfigured(f"{name} must list folders such as /srv/in:/srv/exports, and not /.")
    return [os.path.normpath(path) for path in found]


def url(name: str, default: str) -> str:
    """Read an address. Raises ImproperlyConfigured naming the variable."""
    value = os.environ.get(name) or default
    if value and "://" not in value:
        raise ImproperlyConfigured(f"{name} must be an address such as redis://host:6379/0, or https://host.")
    return value


def listening(name: str, default: str) -> tuple[str, int] | None:
    """Read where to listen, as host:port or [IPv6]:port; None when it is empty. Raises ImproperlyConfigured."""
    value = os.environ.get(name, default)
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ImproperlyConfigured(f"{name} must be host:port such as 127.0.0.1:9464, not {value!r}.")
    return host.strip("[]"), int(port)


class MailServer(NamedTuple):
    """Where mails go out; without a host there is none."""

    host: str
    port: int
    user: str
    password: str
    starts_tls: bool  # it turns to TLS
    is_tls: bool  # it speaks TLS from the start


def mail_server(name: str, default: str) -> MailServer:
    """Read a mail server, smtp+tls://user:password@host:587, from the variable or the file that NAME_FILE names.

    Raises ImproperlyConfigured naming the variable, and nothing of its value: it may hold a password.
    """
    try:
        parts = urlsplit(secret(name, default) or "smtp:")
        port = parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme]
    except (KeyError, ValueError):
        message = f"{name} must be an address such as smtp+tls://user:password@host:587: smtp, smtp+tls or smtps."
        raise ImproperlyConfigured(message) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname or "", port, user, password, parts.scheme == "smtp+tls", parts.scheme == "smtps")


def secret(name: str, default: str | None) -> str | None:
    """Read a secret from NAME, or from the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8-sig").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}.") from None
    return os.environ.get(name) or default


def secrets(name: str, default: list[str] | None) -> list[str] | None:
    """Read secrets, separated by commas, from NAME, or from the file that NAME_FILE names."""
    return [item.strip() for item in (secret(name, default=None) or "").split(",") if item.strip()] or default


def embedded_secret_key() -> str:
    """Read the key that this installation made for itself at its first start, readable by its owner alone.

    Raises ImproperlyConfigured when its folder belongs to somebody else.
    """
    from cdp import embedded

    path = embedded.var_dir() / "secret_key"
    try:
        if not path.exists():
            _make_secret(path)
        return path.read_text().strip()
    except OSError as error:
        remedy = "Choose another folder with CDP_VAR_DIR, or set SECRET_KEY, IDENTITY_KEY and ENCRYPTION_KEYS."
        message = f"{path}: {error.strerror}. {remedy}"
        raise ImproperlyConfigured(message) from None


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret_key-") as draft:  # its owner's alone
        draft.write(token_urlsafe(50))
        draft.flush()
        with suppress(FileExistsError):  # the first of several that start at once wins
            os.link(draft.name, path)


def database(name: str, default: str) -> dict[str, Any]:
    """Read a PostgreSQL address into Django's form: postgresql://user:password@host:5432/name?option=value.

    Raises ImproperlyConfigured naming the variable when it is the address of something else.
    """
    parts = urlsplit(url(name, default))
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(f"{name} must begin with postgresql://: PostgreSQL is the only database supported.")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # A pooler that shares connections by transactions would lose them. Large reads go by pages: see core/keyset.py.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {**CONNECTION, **options},
    }
