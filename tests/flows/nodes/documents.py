"""Definitions, briefly."""

from typing import Any


def flow(nodes: dict[str, tuple[str, dict[str, Any]] | str], *edges: str, **rest: Any) -> dict[str, Any]:
    """Make a definition: nodes by id, each a kind with settings; edges are `a -> b`, `a.port -> b`, `a -> b = name`."""
    made = []
    for id, said in nodes.items():
        kind, settings = (said, {}) if isinstance(said, str) else said
        made.append({"id": id, "kind": kind, "settings": settings})
    ways = []
    for edge in edges:
        ends, _, name = edge.partition(" = ")
        source, _, target = ends.partition(" -> ")
        id, _, port = source.partition(".")
        ways.append({"from": id, "port": port or "out", "to": target, "name": name})
    return {"triggers": [{"id": "t", "kind": "manual"}], "nodes": made, "edges": ways, **rest}
