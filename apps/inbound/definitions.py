"""Bridges as others see them: how they are saved, paused, sent elsewhere and deleted."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from apps.core import storable
from apps.core.typed_settings import Problem, SettingsError, read, write
from apps.events.models import Source
from apps.inbound.mapping import MappingSettings
from apps.inbound.models import Bridge
from apps.inbound.opening import kind_of

_COLUMNS: Final = ("name", "is_enabled", "connection", "source")
_STORED: Final = (*_COLUMNS, "kind", "settings", "mapping", "updated_at")


def fill(row: Bridge, *, settings: Any, mapping: MappingSettings) -> None:
    """Put settings into a row."""
    row.settings, row.mapping = write(settings), write(mapping)


def problems(row: Bridge) -> list[Problem]:
    """Find what is wrong with a bridge. Raises DefinitionError where its kind is not known."""
    kind = kind_of(row)
    found = list(_problems_of_columns(row))
    if kind.connection_kind and (row.connection is None or row.connection.kind != kind.connection_kind):
        found.append(Problem("connection", f"It reads by a connection of the kind {kind.connection_kind}."))
    for part, cls, document in (("settings", kind.settings, row.settings), ("mapping", MappingSettings, row.mapping)):
        try:
            read(cls, document)
        except SettingsError as error:
            found += error.below(part)
    if row.mapping.get("user_id") and row.source_id and not row.source.trusts_ids:
        message = "The source does not trust ids, so customers by their number would be left out: let it trust them."
        found.append(Problem("source", message))
    return found


def _problems_of_columns(row: Bridge) -> Iterator[Problem]:
    row.name = row.name.strip() if isinstance(row.name, str) else row.name
    try:
        row.clean_fields(exclude={field.name for field in Bridge._meta.fields}.difference(_COLUMNS))
    except ValidationError as error:
        yield from (Problem(name, messages[0]) for name, messages in error.message_dict.items())
    unfit = storable.problem_of_text(row.name) if isinstance(row.name, str) else ""
    if unfit:
        yield Problem("name", f"The name {unfit}.")
    elif Bridge.objects.filter(name=row.name).exclude(pk=row.pk).exists():
        yield Problem("name", "There is another bridge of that name.")


def save(row: Bridge) -> None:
    """Store a bridge; who reads for it begins anew within a second. Raises SettingsError."""
    found = problems(row)
    if found:
        raise SettingsError(found)
    with transaction.atomic():
        is_new = row._state.adding
        row.save(update_fields=None if is_new else _STORED)
        if not is_new:
            Bridge.objects.filter(pk=row.pk).update(revision=F("revision") + 1)


def pause(row: Bridge, *, at: datetime) -> None:
    """Let nothing be read until it is resumed; brokers keep what they have."""
    Bridge.objects.filter(pk=row.pk, paused_at=None).update(paused_at=at, revision=F("revision") + 1)


def resume(row: Bridge) -> None:
    """Read on where it was."""
    Bridge.objects.filter(pk=row.pk).update(paused_at=None, revision=F("revision") + 1)


def source_of_its_own(name: str) -> Source:
    """Return a source for the events of one bridge, not stored: who sets it up answers for what it says of people."""
    return Source(name=name, kind=Source.Kind.BRIDGE, trusts_ids=True)
