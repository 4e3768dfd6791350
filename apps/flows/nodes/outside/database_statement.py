"""What all nodes have in common that run a statement in a database of the operator's."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from apps.bridges import requests
from apps.bridges.statements import names_of
from apps.core.typed_settings import Problem, long_text, mapping, reference
from apps.flows.contacting.writing import GIVEN_UP
from apps.flows.engine.moves import Delivered, Fail, Failure, Move, Sent, Skipped, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place
from apps.flows.nodes.leaving_as_sent import go_on

KEY: Final = "key"  # of the delivery: a parameter that there always is


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement, and the values that are bound to its parameters."""

    connection: str = reference("Connection", to="connection", help="The database, and the role that does it.")
    statement: str = long_text("Statement", max_length=20_000, help="One of SQL; values are parameters: :name.")
    parameters: dict[str, str] = mapping(
        "Parameters", default={}, max_items=50, help="By the names in the statement: id is profile@id."
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse parameters without a value, and values without a parameter."""
        named = names_of(self.statement) - {KEY}
        for name in sorted(named - self.parameters.keys()):
            yield Problem("parameters", f"The statement has :{name}, and no value is given.")
        for name in self.parameters:
            if name == KEY:
                yield Problem(f"parameters.{name}", "It is that of the delivery, and not given.")
            elif name not in named:
                yield Problem(f"parameters.{name}", f"The statement has no :{name}.")
        if "{{" in self.statement or "{%" in self.statement:
            yield Problem("statement", "Nothing is filled into a statement: name a parameter, :name, and its value.")


class DatabaseStatement(Node):
    """A statement that is sent once for each time that people come here, and tried again where it may yet go well."""

    group = "outside"
    ports = ("out", "refused")
    effects = Effects.EXTERNAL
    has_error_port = True
    is_wait = True

    def __init__(self, settings: Any, place: Place) -> None:
        self._settings = settings
        self._connection_id = place.connection("connection", settings.connection, kind="postgresql")
        self._values = {name: place.value(f"parameters.{name}", said) for name, said in settings.parameters.items()}

    def limits(self) -> dict[str, Any]:
        """Return what the request has besides: whether it only reads, and how many rows it may find."""
        return {"is_read": False, "most": 0}

    def run(self, step: Step) -> Move:
        """Send it, and go on as it went."""
        if isinstance(step.wake, Delivered):
            return go_on(step.wake, step.payload, what="statement", said=self._found(step.wake))
        if isinstance(step.wake, Skipped):
            return Fail(GIVEN_UP, is_given_up=True)
        request = {
            "statement": self._settings.statement,
            "parameters": {name: value(step.scope) for name, value in self._values.items()},
            **self.limits(),
        }
        problem = requests.problem_of_sql(request)
        if problem:
            raise Failure(problem.message)
        return Stay(until=None, sent=Sent(self._connection_id, request))

    def _found(self, ended: Delivered) -> dict[str, Any]:
        body = (ended.answer or {}).get("body") if isinstance(ended.answer, dict) else None
        try:
            found = orjson.loads(body or "null")
        except (orjson.JSONDecodeError, TypeError):
            found = None
        return {self._settings.into: found} if ended.outcome == "delivered" else {}
