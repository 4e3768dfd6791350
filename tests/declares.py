"""What each app declares, written down for whoever reads a change of it: python -m tests.declares writes it anew.

`tests/<app>/declares.json` has an app's menu, grants and events of the platform; the documents have tables of event
types, queues, jobs of the clock, scopes, settings of connections, nodes of flows, and ready flows. A new app touches
no other list. In tables, rows that are right are kept as somebody wrote them: only the first cells are the code's.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).parent.parent
COMMAND = "python -m tests.declares"


def written() -> dict[str, str]:
    """Return the files that have what apps declare, by their paths, with the text that they should have."""
    from apps.events.event_types.default_types.document import as_markdown  # once the apps are ready
    from tests import flow_nodes, ready_document

    files = {f"tests/{app}/declares.json": json.dumps(found, indent=2) + "\n" for app, found in by_app().items()}
    gone = {str(path.relative_to(ROOT)): "" for path in ROOT.glob("tests/*/declares.json")}
    return {
        **gone,
        **files,
        "docs/event-types.md": as_markdown(),
        "docs/nodes.md": flow_nodes.as_markdown(),
        "docs/ready-flows.md": ready_document.as_markdown(),
        **tables(),
    }


def outdated() -> list[str]:
    """List the files that say something else."""
    return [name for name, text in written().items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text]


def by_app() -> dict[str, dict[str, Any]]:
    """Collect menu, grants and events of the platform by the folder of the app that declares them."""
    from apps.core import menu, roles
    from apps.events import platform_events

    found: dict[str, dict[str, Any]] = {}
    for app, each in declared(menu.entries):
        offered = f"{each.order} {each.group} > {each.title}: {each.model._meta.label_lower}, needs {each.needs}"
        found.setdefault(app, {}).setdefault("menu", []).append(offered)
    for app, each in declared(roles.grants):
        granted = found.setdefault(app, {}).setdefault("roles", {})
        granted[each.role] = sorted([*granted.get(each.role, []), each.permission])
    for app, each in declared(platform_events.DECLARED):
        found.setdefault(app, {}).setdefault("events", []).append(each.type)
    return found


def tables() -> dict[str, str]:
    """Return the documents with tables of queues, jobs and scopes."""
    from apps.core import jobs, keys, queues

    clock = [job for job in jobs.jobs.values() if job.every is not None]
    waiting = {
        name: [job.run.__name__ for job in jobs.jobs.values() if job.queue.name == name] for name in queues.queues
    }
    queue_rows = {
        f"| `{name}` |": f" {', '.join(named)} | `manage.py rqworker {name}` | | | |" for name, named in waiting.items()
    }
    job_rows = {f"| `{job.run.__name__}` | {job.every} |": f" {first_line(job.run.__doc__)} |" for job in clock}
    scope_rows = {f"| `{name}` |": f" {label[0].lower()}{label[1:]} |" for name, label in keys.scopes.items()}
    text = with_rows((ROOT / "docs/queues.md").read_text(), "| queue |", queue_rows)
    api = (ROOT / "docs/profile-api.md").read_text()
    return {
        **kinds_of_systems(),
        "docs/queues.md": with_rows(text, "| job |", job_rows),
        "docs/profile-api.md": with_rows(api, "| scope |", scope_rows),
    }


def kinds_of_systems() -> dict[str, str]:
    """Let the tables of kinds of connections and bridges have a row for each setting, wherever they are."""
    from apps.bridges.connection_kind import kinds
    from apps.inbound.bridge_kind import kinds as bridge_kinds
    from apps.inbound.mapping import MappingSettings

    described = {kind.title: kind.settings for kind in kinds.values()}
    described |= {f"{kind.title}, bridge": kind.settings for kind in bridge_kinds.values()}
    described["Messages"] = MappingSettings
    paths = sorted((ROOT / "docs").rglob("*.md"))
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in paths}
    found = {}
    for title, settings in described.items():
        header = f"| {title} | kind |"
        [name] = [name for name, text in texts.items() if f"\n{header}" in text] or [f"no document has {header}"]
        found[name] = texts[name] = with_settings(texts[name], header, settings)
    return found


def with_settings(text: str, header: str, settings: type) -> str:
    """Let the table below a header have a row for each setting."""
    from apps.core.typed_settings import rows_of

    rows = [f"| `{row.name}` | {row.kind} | {row.default or 'required'} | {row.told} |" for row in rows_of(settings)]
    return with_rows(text, header, dict.fromkeys(rows, ""))


def with_rows(text: str, header: str, rows: Mapping[str, str]) -> str:
    """Let the table below a header have rows that begin so, in this order; those that are missing go on so."""
    before, title, rest = text.partition(f"\n{header}")
    head, rule, *lines = rest.split("\n")
    n_rows = next(number for number, line in enumerate(lines) if not line.startswith("|"))
    kept = lines[:n_rows]
    wanted = [next((line for line in kept if line.startswith(start)), start + end) for start, end in rows.items()]
    return before + title + "\n".join([head, rule, *wanted, *lines[n_rows:]])


def first_line(doc: str | None) -> str:
    """Shape the first sentence of a docstring for a table."""
    line = (doc or "").strip().partition("\n")[0].rstrip(".")
    return f"{line[:1].lower()}{line[1:]}"


def declared(registry: Any) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a registry, each with the folder of its app."""
    from django.apps import apps as django_apps

    for key, entry in registry.items():
        config = django_apps.get_containing_app_config(registry._declared[key].module)
        assert config is not None, key
        yield config.name.rpartition(".")[2], entry


def main() -> None:
    """Write what is outdated, and name it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
    django.setup()
    texts = written()
    for name in outdated():
        path = ROOT / name
        if texts[name]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[name])
        else:
            path.unlink()
        print(name)


if __name__ == "__main__":
    main()
