"""The way that somebody went through a flow, as it is drawn, and told."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from apps.flows.models import Run


class Left(NamedTuple):
    """A node that was left, by a port, when, and so many milliseconds after the one before."""

    node: str
    port: str
    at: datetime
    after_ms: float


class Here(NamedTuple):
    """A node where somebody waits, since when, and until when; null: they have only come, or for what happens."""

    node: str
    since: datetime | None
    until: datetime | None


def left(run: Run) -> Iterator[Left]:
    """Yield the nodes that somebody has left, the last ones at least, in order."""
    before = 0.0
    for node, port, ms in run.state.get("path", ()):
        # What a pause has shifted is later by it.
        at = run.started_at + timedelta(milliseconds=ms) + (run.behind if ms > before else timedelta())
        yield Left(node, port, at, ms - before)
        before = ms


def here(run: Run) -> Iterator[Here]:
    """Yield where somebody waits, a branch each."""
    for token in run.state.get("tokens", ()) if run.status == Run.Status.LIVE else ():
        wait = token.get("wait") or {}
        yield Here(token["node"], _moment(token.get("at"), run), _moment(wait.get("until"), run))


def failed_at(run: Run) -> str:
    """Return the node at which a run has failed; empty: it has not."""
    return run.place if run.status == Run.Status.FAILED else ""


def edges_of(definition: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """Return {(node, port): its edges, as `from.port -> to`} of a definition."""
    found: dict[tuple[str, str], list[str]] = {}
    for edge in definition.get("edges", ()):
        port = edge.get("port", "out")
        found.setdefault((edge["from"], port), []).append(f"{edge['from']}.{port} -> {edge['to']}")
    return found


def _moment(text: Any, run: Run) -> datetime | None:
    return datetime.fromisoformat(text) + run.behind if isinstance(text, str) else None
