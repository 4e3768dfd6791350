"""Messages that a provider sends who has an API: by which request of HTTP is what operators fill in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.bridges import requests
from apps.core.typed_settings import choice, long_text, mapping, reference, template, text
from apps.flows.engine.moves import Delivered, Failure
from apps.flows.engine.step import Step
from apps.flows.node import Place
from apps.flows.nodes.json_checks import written
from apps.flows.nodes.messages.to_person import MessageToPerson
from apps.flows.nodes.outside.fixed_hosts import compile_path
from apps.flows.nodes.outside.http_parts import FORM, JSON, TYPES, encoded, read_answer

_BODIES: Final = {JSON: "JSON", FORM: "A form"}
_METHODS: Final = {name: name for name in ("POST", "PUT")}


@dataclass(frozen=True, kw_only=True)
class ByProvider:
    """What is said, and the request that says it."""

    connection: str = reference("Connection", to="connection", help="The provider's API, by HTTP.")
    text_: str = long_text("Text", max_length=5_000, help="In path and body below it is payload@text.")
    method: str = choice("Method", _METHODS, default="POST")
    path: str = text("Path", default="", max_length=2_000, help="Below the connection's address: /messages.")
    body: str = choice("Body", _BODIES, default=JSON)
    json: Any = template("JSON", when=("body", JSON), help='{"to": "payload@to", "text": "payload@text"}')
    form: dict[str, str] = mapping("Form", when=("body", FORM), help="To: payload@to. What is missing is left out.")


class ProviderMessage(MessageToPerson):
    """A message that goes by a request of HTTP: its parts are in the payload while path and body are filled in."""

    may_be_missing = False

    def __init__(self, settings: Any, place: Place) -> None:
        self._settings = settings
        self.connection_id = place.connection("connection", settings.connection, kind="http")
        self._text = place.text("text", settings.text_)
        self._path = compile_path(place, "path", settings.path)
        self._json = place.value("json", settings.json)
        self._form = {name: place.value(f"form.{name}", said) for name, said in settings.form.items()}

    def parts(self, step: Step) -> dict[str, str]:
        """Return what path and body can refer to as payload@…. Raises Failure."""
        text = self._text(step.scope)
        if not text.strip():
            raise Failure("The message says nothing.")
        return {"text": text}

    def message(self, step: Step) -> dict[str, Any]:
        """Write the request. Raises Failure."""
        payload = step.payload if isinstance(step.payload, dict) else {}
        scope = {**step.scope, "payload": {**payload, **self.parts(step)}}
        kind = self._settings.body
        request = {
            "method": self._settings.method,
            "path": self._path(scope),
            "headers": {"Content-Type": TYPES[kind]},
            "body": written(self._json(scope), "body") if kind == JSON else encoded(self._form, scope),
            "may_be_missing": self.may_be_missing,
        }
        problem = requests.problem_of_http(request)
        if problem:
            raise Failure(problem.message)
        return request

    def said(self, ended: Delivered) -> Mapping[str, Any]:
        """Return the provider's answer."""
        return {"answer": read_answer(ended.answer)}
