"""Memory of tables: it lies beside its reader, says which models it reads, and forgets by itself."""

import re
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest
from django.apps import apps as django_apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from apps.core.snapshot import Remembered, Snapshot
from apps.events.models import Event, UnplannedType
from apps.profiles.models import Profile
from cdp.processes import BASE_DIR

# Samples of these are in memory for minutes: they change with every batch, and what is offered need not be the latest.
SAMPLED = {Profile, Event, UnplannedType}
# Those that write what is remembered, and need not tell.
UNTOLD = {"apps/segments/sizes.py": "no snapshot reads how large a segment is"}


def sources() -> Iterator[tuple[str, str]]:
    for path in (each for folder in ("apps", "bench", "cdp") for each in (BASE_DIR / folder).rglob("*.py")):
        if "migrations" not in path.parts:
            yield str(path.relative_to(BASE_DIR)), path.read_text()


def snapshots() -> dict[str, Snapshot[object]]:
    """All that modules of ours hold, by name."""
    for name, text in sources():
        if "Snapshot(" in text and name.startswith("apps/"):
            import_module(name.removesuffix(".py").replace("/", "."))
    modules = {name: module for name, module in sys.modules.items() if name.startswith("apps.")}
    found = {f"{name}.{key}": value for name, module in modules.items() for key, value in vars(module).items()}
    return {name: value for name, value in found.items() if isinstance(value, Snapshot)}


def tables(of: set[type[models.Model]]) -> set[str]:
    return {model._meta.db_table for model in of}


@pytest.mark.django_db
def test_a_snapshot_names_the_models_that_it_reads() -> None:
    all_tables = tables(set(django_apps.get_models()))
    for name, snapshot in snapshots().items():
        with CaptureQueriesContext(connection) as captured:
            snapshot._read()

        asked = set(re.findall(r'(?:FROM|JOIN) "?(\w+)', " ".join(query["sql"] for query in captured)))
        assert asked & all_tables - tables(SAMPLED) == tables(set(snapshot.of)), name


def test_the_collector_remembers_no_table() -> None:
    assert [name for name, text in sources() if name.startswith("apps/collector/") and "Snapshot(" in text] == []


def test_nobody_has_to_say_that_something_is_to_be_forgotten() -> None:
    calls = {name for name, text in sources() if re.search(r"\.forget(?:_all)?\(|\bforget_all\(", text)}

    assert {name for name in calls if not name.startswith("apps/core/")} == set()


def test_writes_that_django_does_not_see_are_told() -> None:
    """SQL of our own, and what else passes by the query set: after it stands `rows_changed`."""
    remembered = [model for model in django_apps.get_models() if issubclass(model, Remembered)]
    names = "|".join(name for model in remembered for name in (model._meta.db_table, model.__name__))
    writes = re.compile(
        rf"\b(?:INSERT INTO|UPDATE|DELETE FROM|COPY) \"?(?:{names})\b|\b(?:upsert|insert_new|update)\((?:{names}),"
        rf"|\b(?:{names})\.(?:_base_manager|objects\b[^\n]*\._raw_delete)"
    )
    writers = {name: text for name, text in sources() if name.startswith("apps/") and writes.search(text)}

    untold = {name for name, text in writers.items() if "rows_changed(" not in text}

    assert untold == UNTOLD.keys()
    assert len(writers) - len(untold) >= 2, "The search finds no writers any more."
