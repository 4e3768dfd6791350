"""A name of a module means one thing: who finds it in one app knows what it is in the next."""

import re
from collections import defaultdict
from pathlib import Path

from cdp.processes import BASE_DIR

# Folders that show what an app is about from one side: each may have a module of the same name for the same thing.
SIDES = {
    *("models", "admin", "api", "commands", "stages", "tree", "evaluate", "sql", "kinds", "transport"),
    *("files", "mails", "nats", "redis", "rows"),  # what bridges read
}
# Each module is named after the system that it is about.
KINDS = {"kinds", "bridge_kinds"}
# What several apps have: the same kind of thing in each. So are the modules in which apps declare something.
ROLES = {
    "apps": "Django's: the app itself",
    "models": "Django's: the tables",
    "migrations": "Django's: how tables came to be what they are",
    "management": "Django's: the folder of the commands",
    "commands": "Django's: what `manage.py` does",
    "templatetags": "Django's: what templates may call",
    "admin": "Django's: the pages for people",
    "api": "the addresses for programs",
    "urls": "the addresses, on one page",
    "views": "what answers at addresses",
    "serializers": "the shapes of what is sent and answered",
    "errors": "how programs are told what went wrong",
    "base": "what all modules of its folder build on",
    "shown": "how values look on pages",
    "anonymity": "what is left when nobody may be recognised",
    "definitions": "what operators define: how it is saved, and which version counts",
    "settings": "what operators set of something",
    "starts": "where something begins: simulated runs, and what bridges read",
    "results": "what has come of it: of tries to send something, of nodes that find something out",
    "runs": "what is under way: of segments through everybody, of flows with one person",
    "catalogue": "what there is to ask about: the shape of it, and what segments fill it with",
}
# What another app shows, serves or does: the thing itself is in the app that is named.
THINGS = {
    "conditions": "conditions: their editor is in core, as all apps use it",
    "bridges": "inbound: programs see and pause them; the app of that name sends, and has the connections for both",
    "connections": "bridges: programs make and try them",
    "consents": "profiles: programs and forms ask for them",
    "deliveries": "bridges: programs and commands list and cancel them, the doctor asks whether they leave",
    "delivery": "bridges: what leaves the house; alerts have channels of their own",
    "events": "events: programs read them",
    "flows": "flows: programs make, publish and start them",
    "heartbeats": "heartbeats: the doctor asks whether they run",
    "metrics": "core: a command serves them",
    "partitions": "events: the doctor asks whether they are there",
    "past_events": "conditions say how they are handed in, segments read them",
    "privacy": "profiles: programs export and erase",
    "profile": "profiles: a stage fills it",
    "profiles": "profiles: programs read them",
    "run": "flows: a command runs a process of the platform",
    "segment": "segments: a stage evaluates them",
    "segments": "segments: programs read them",
    "store": "events: a stage calls it",
    "traits": "events: a stage fills them",
}


def declaring() -> set[str]:
    """Name the modules in which any app declares something: those that a registry looks for."""
    texts = [path.read_text() for path in (BASE_DIR / "apps").rglob("*.py")]
    modules = {name for text in texts for name in re.findall(r'Registry\b[^"]*"[^"]*",\s*module="([\w.]+)"', text)}
    return {name.rpartition(".")[2] for name in modules}


def test_a_name_that_repeats_means_the_same() -> None:
    known = ROLES.keys() | THINGS.keys() | declaring()

    assert {name: places for name, places in repeated().items() if name not in known} == {}


def test_each_name_that_may_repeat_does() -> None:
    assert set(ROLES | THINGS) - set(repeated()) == set()


def test_modules_that_declare_are_found() -> None:
    assert declaring() >= {"jobs", "menu", "roles", "scopes", "personal", "platform_events", "panels", "languages"}
    assert declaring().isdisjoint(ROLES | THINGS)


def repeated() -> dict[str, list[str]]:
    """Return {name: modules} of names that two apps have, or one app twice but not from two sides."""
    found = defaultdict(list)
    for path in sorted((BASE_DIR / "apps").rglob("*")):
        is_module = path.suffix == ".py" and not path.stem.startswith("__")
        if (is_module or (path / "__init__.py").exists()) and path.parent.name not in {"migrations", *KINDS}:
            found[path.stem].append(path.relative_to(BASE_DIR / "apps"))
    return {name: [str(path) for path in paths] for name, paths in found.items() if not is_one_thing(paths)}


def is_one_thing(paths: list[Path]) -> bool:
    """Tell whether modules of one name are one app's, and each of another side."""
    sides = [next((part for part in path.parts[1:-1] if part in SIDES), "") for path in paths]
    return len({path.parts[0] for path in paths}) == 1 and len(set(sides)) == len(paths)
