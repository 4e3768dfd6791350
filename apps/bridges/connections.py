"""Connections as others see them: how they are saved and opened, found by an address and deleted."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Count

from apps.bridges.connection_kind import ConnectionKind, Report, kinds
from apps.bridges.models import Connection, Delivery
from apps.bridges.users import users_of
from apps.core import egress, storable
from apps.core.egress import PORTS
from apps.core.ids import digest
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import Problem, SettingsError, read, secret_names, write

# What people may change; all else is of sending.
_COLUMNS: Final = ("name", "is_enabled", "rate_per_sec", "in_flight")
_STORED: Final = (*_COLUMNS, "kind", "settings", "secrets", "test_settings", "test_secrets", "updated_at")


class InUse(Exception):
    """A connection cannot be deleted; the message says what needs it."""


class NoTestSettings(Exception):
    """A connection has no settings for tests: nothing may be sent by it in one."""


def kind_of(row: Connection) -> ConnectionKind:
    """Return the kind of a connection. Raises DefinitionError for one that this version does not know."""
    try:
        return kinds[row.kind]
    except KeyError:
        message = f"There is no kind of connection {row.kind}. There are {', '.join(kinds)}."
        raise DefinitionError("kind", message) from None


def opened(row: Connection, *, is_test: bool = False) -> Any:
    """Return the settings of a connection, with its secrets, as its kind has them.

    Raises NoTestSettings, Unreadable where no key opens the secrets, DefinitionError and SettingsError where the
    settings are none any more, as when a network is no longer allowed.
    """
    document, secrets = (row.test_settings, row.test_secrets) if is_test else (row.settings, row.secrets)
    if is_test and not document:
        raise NoTestSettings(f"The connection {row.name} has no settings for tests.")
    return read(kind_of(row).settings, {**document, **(orjson.loads(secrets) if secrets else {})})


def fill(row: Connection, settings: Any, *, is_test: bool = False) -> None:
    """Put settings into a row, secrets apart from the rest; None takes those for tests away."""
    document = {} if settings is None else write(settings)
    hidden = secret_names(kind_of(row).settings)
    kept = {name: value for name, value in document.items() if name in hidden and value}
    shown = {name: value for name, value in document.items() if name not in hidden}
    secrets = orjson.dumps(kept).decode() if kept else ""
    if is_test:
        row.test_settings, row.test_secrets = shown, secrets
    else:
        row.settings, row.secrets = shown, secrets


def stored_secrets(row: Connection, *, is_test: bool = False) -> dict[str, str]:
    """Return the secrets of a connection by their names. Raises Unreadable where no key opens them."""
    text = row.test_secrets if is_test else row.secrets
    found: dict[str, str] = orjson.loads(text) if text else {}
    return found


def completed(row: Connection, document: Mapping[str, Any], *, is_test: bool = False) -> Any:
    """Read a document of settings, in which a secret that is not named stays as it is stored. Raises SettingsError."""
    cls = kind_of(row).settings
    kept = stored_secrets(row, is_test=is_test)
    try:
        return read(cls, {**kept, **document})
    except SettingsError as error:
        # What was kept of another way to sign in goes with it.
        gone = {problem.path for problem in error.problems if problem.path in kept and problem.path not in document}
        if not gone:
            raise
    return read(cls, {**{name: value for name, value in kept.items() if name not in gone}, **document})


def problems(row: Connection) -> list[Problem]:
    """Find what is wrong with a connection besides its settings, which were read already."""
    found = []
    row.name = row.name.strip() if isinstance(row.name, str) else row.name
    try:
        row.clean_fields(exclude={field.name for field in Connection._meta.fields}.difference(_COLUMNS))
    except ValidationError as error:
        found = [Problem(name, messages[0]) for name, messages in error.message_dict.items()]
    unfit = storable.problem_of_text(row.name) if isinstance(row.name, str) else ""
    if unfit:
        found.append(Problem("name", f"The name {unfit}."))
    elif Connection.objects.filter(name=row.name).exclude(pk=row.pk).exists():
        found.append(Problem("name", "There is another connection of that name."))
    elif not row._state.adding and not Connection.objects.filter(pk=row.pk, name=row.name).exists():
        # Whoever uses it may know it by its name.
        users = ", ".join(user.title for user in users_of(row))
        found += [Problem("name", f"It keeps its name while it is used: {users}.")] if users else []
    return found


def save(row: Connection) -> None:
    """Store what people said of a connection; how sending goes is left alone. Raises SettingsError."""
    found = problems(row)
    if found:
        raise SettingsError(found)
    row.save(update_fields=None if row._state.adding else _STORED)


def tried(row: Connection, *, is_test: bool = False) -> Report:
    """Try a connection now, without any effect on the other side, and say what was found. Raises what `opened` does."""
    return kind_of(row).test(opened(row, is_test=is_test))


def outcome_of(row: Connection, report: Report) -> str:
    """Say in a sentence what a try means for those who use a connection."""
    if report.is_well:
        return f"{row} can be reached."
    kind = kinds.get(row.kind)
    return f"Nothing could be {'read from' if kind and not kind.sends else 'sent to'} {row} now."


def key_of_address(url: str) -> tuple[UUID, str]:
    """Return the id of the connection of an address, and its scheme, host and port. Raises Forbidden."""
    target = egress.target_of(url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    port = "" if target.port == PORTS[target.scheme] else f":{target.port}"
    origin = f"{target.scheme}://{host.lower()}{port}"
    return digest("connection of", origin), origin


def for_address(url: str) -> Connection:
    """Find or make the connection of an address that nobody has made one for: that of its scheme, host and port.

    So each host is sent to, held and limited by itself. It has no credentials, unless somebody adds some. Raises
    Forbidden where no request may go to the address.
    """
    key, origin = key_of_address(url)
    row = Connection.objects.filter(pk=key).first()
    if row is None:
        is_taken = Connection.objects.filter(name=origin).exists()
        values = {"name": f"{origin} (addresses)" if is_taken else origin, "kind": "http"}
        row, _ = Connection.objects.get_or_create(pk=key, defaults={**values, "settings": {"base_url": origin}})
    return row


def n_waiting(rows: Iterable[Connection]) -> dict[UUID, int]:
    """Count what waits to be sent by each of some connections."""
    waiting = Delivery.objects.filter(connection_id__in=[row.pk for row in rows], due_at__isnull=False).order_by()
    return dict(waiting.values_list("connection_id").annotate(n=Count("pk")))


def obstacles(row: Connection) -> list[str]:
    """Say in sentences what needs a connection."""
    found = users_of(row)
    said = [f"It is used: {', '.join(user.title for user in found)}."] if found else []
    n = n_waiting([row]).get(row.pk, 0)
    if n:
        said.append(f"{n:,} {'delivery waits' if n == 1 else 'deliveries wait'} to be sent by it.")
    return said


def delete(row: Connection) -> None:
    """Delete a connection. Raises InUse while something needs it."""
    found = obstacles(row)
    if found:
        raise InUse(" ".join(found))
    row.delete()
