"""The platform's public doors: a shop's pages track, its programs use the API; over HTTP, or in the test's process."""

import json
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

from django.test import Client

from apps.api.scopes import Scope
from apps.events.models import Source
from apps.flows.triggers.trigger_index import REFRESH_SECS
from tests.flows.nodes.documents import flow
from tests.live import Live
from tests.programs import program

Body = dict[str, Any]
# Ports by which people leave when something went otherwise.
OTHERWISE = {"email": ("capped", "refused"), "http-call": ("refused",), "wait-for-event": ("time_out", "missing")}
UNSUBSCRIBE = "https://shop.example/leave?id={{ profile@id }}"


class Doors(ABC):
    """What a shop's pages and programs do; whatever is refused is an error here."""

    source_id: str

    @abstractmethod
    def ask(self, method: str, path: str, body: Body | None = None) -> tuple[int, Any]:
        """Send a request, and return the status and the JSON of the answer."""

    def api(self, method: str, path: str, body: Body | None = None) -> Any:
        """Use the API with a key that may do everything."""
        status, answer = self.ask(method, f"/api/{path}", body)
        assert status < 300, (status, answer)
        return answer

    def track(self, *events: str | Body, session: str, **parts: Any) -> Body:
        """Send events as a page does."""
        listed = [{"type": each} if isinstance(each, str) else each for each in events]
        body = {"source": {"id": self.source_id}, "session": {"id": session}, "events": listed, **parts}
        status, answer = self.ask("post", "/track", body)
        assert (status, answer["errors"]) == (200, []), answer
        return dict(answer)

    def sign_in(self, name: str, *, session: str = "", **parts: Any) -> UUID:
        """Let somebody sign in with their address, and return their profile."""
        properties = {"pk": f"C-{name}", "email": {"main": f"{name}@example.com"}}
        answer = self.track({"type": "sign-in", "properties": properties}, session=session or name, **parts)
        return UUID(answer["profile"]["id"])

    def connect(self, name: str, kind: str, **settings: Any) -> None:
        """Make a connection."""
        self.api("post", "connections", {"name": name, "kind": kind, "settings": settings})

    def mails_by(self, port: int, name: str = "Shop mail") -> None:
        """Make the connection of `letter`, to a mail server of this machine."""
        server = {"host": "127.0.0.1", "port": port, "security": "none", "sign_in": "none"}
        self.connect(name, "smtp", **server, from_address="shop@shop.example")

    def publish(self, key: str, draft: Body) -> None:
        """Make a flow, publish it, and switch it on."""
        self.api("post", "flows", {"key": key, "name": key.capitalize(), "draft": draft})
        self.api("post", f"flows/{key}/publish", {})
        self.api("post", f"flows/{key}/on")

    def runs(self, key: str) -> list[Body]:
        """List the runs of a flow, the oldest first."""
        return list(reversed(self.api("get", f"runs?flow={key}")["results"]))

    def states(self, key: str) -> list[str]:
        """Tell how the runs of a flow go, or ended."""
        return [run["status"] for run in self.runs(key)]


@dataclass
class LiveDoors(Doors):
    """Those of a platform whose processes are its own."""

    live: Live
    source_id: str
    key: str

    def ask(self, method: str, path: str, body: Body | None = None) -> tuple[int, Any]:
        """Send it over HTTP."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.live.address + path, data, headers, method=method.upper())
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def publish(self, key: str, draft: Body) -> None:
        """Make a flow, and return when all processes know it."""
        super().publish(key, draft)
        time.sleep(REFRESH_SECS + 0.1)


class OwnDoors(Doors):
    """Those of the test's own process."""

    def __init__(self, source: Source) -> None:
        self.source_id, self.write_key = str(source.id), source.write_key
        self._program = program(*Scope)

    def ask(self, method: str, path: str, body: Body | None = None) -> tuple[int, Any]:
        """Let Django answer."""
        if path.startswith("/api/"):
            found = getattr(self._program, method)(path, body, format="json")
        else:
            found = getattr(Client(), method)(path, body, content_type="application/json")
        return found.status_code, found.json() if found.content else None


def letter(subject: str, **settings: Any) -> tuple[str, Body]:
    """A node that writes a mail."""
    said = {"connection": "Shop mail", "subject": subject, "html": "<p>Come back!</p>", "unsubscribe": UNSUBSCRIBE}
    return "email", {**said, **settings}


def on_event(type: str, **values: Any) -> list[Body]:
    """Triggers: an event of a type."""
    return [{"id": "t", "kind": "event", "event_type": type, **values}]


def chain(nodes: dict[str, tuple[str, Body] | str], *edges: str, **rest: Any) -> Body:
    """A flow of these nodes, one after the other; edges may be said, and whoever leaves otherwise is at the end."""
    whole: dict[str, tuple[str, Body] | str] = {"start": "start", **nodes, "end": "end"}
    begun = {edge.partition(" ->")[0] for edge in edges}
    ways = [
        f"{one} -> {other}"
        for one, other in pairwise(whole)
        if one not in begun and nodes.get(one, "")[:1] != ("split",)
    ]
    for id, said in nodes.items():
        kind = said if isinstance(said, str) else said[0]
        ends = [f"{id}.{port}" for port in OTHERWISE.get(kind, ())]
        ways += [f"{port} -> end" for port in ends if port not in begun]
    return flow(whole, *ways, *edges, **rest)
