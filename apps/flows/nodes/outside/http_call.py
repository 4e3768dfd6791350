"""Ask another system, or tell it something."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.bridges import requests
from apps.core.typed_settings import Problem, choice, long_text, mapping, reference, template, text, yes_no
from apps.flows.contacting.writing import GIVEN_UP
from apps.flows.definition.connections import NOBODY
from apps.flows.engine.moves import Delivered, Fail, Failure, Go, Move, Sent, Skipped, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.json_checks import written
from apps.flows.nodes.leaving_as_sent import go_on
from apps.flows.nodes.outside.fixed_hosts import compile_address, compile_path
from apps.flows.nodes.outside.http_parts import FORM, JSON, TEXT, TYPES, encoded, read_answer

CONNECTION, ADDRESS = "connection", "address"
NOTHING = "none"
_WHERE: Final = {CONNECTION: "Below a connection", ADDRESS: "To an address that needs no secret"}
_BODIES: Final = {NOTHING: "Nothing", JSON: "JSON", FORM: "A form", TEXT: "A text"}
_METHODS: Final = {name: name for name in requests.METHODS}


@register
class HttpCall(Node):
    """A request goes to another system, and its answer is in the payload: payload@answer.status, payload@answer.json.

    It is sent once for each time that people come here, under a key that stays the same when it is tried again. What
    may yet go well is tried again for 72 hours. People leave by out where the system took it, by refused where it said
    that this request is wrong, or that what it asks for is not there (404, 410), and by error where no try of it went
    well. Who is skipped meanwhile leaves by error, too, and it is tried no more. Secrets belong to connections. Nothing
    that is known of a person decides where it goes: the host is written out.
    """

    key, group, title, icon, order = "http-call", "outside", "HTTP call", "http", 10
    ports = ("out", "refused")
    effects = Effects.EXTERNAL
    has_error_port = True
    is_wait = True
    example = {
        "connection": "Shop API",
        "path": "/orders/{{ event@properties.order_id }}/notes",
        "body": "json",
        "json": {"text": "Reminded", "name?": "profile@data.pii.firstname"},
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Where it goes, and what it says."""

        where: str = choice("Where it goes", _WHERE, default=CONNECTION)
        connection: str = reference("Connection", to="connection", when=("where", CONNECTION))
        path: str = text(
            "Path", default="", max_length=2_000, when=("where", CONNECTION), help="/orders/{{ event@properties.id }}"
        )
        url: str = text(
            "Address", max_length=2_000, when=("where", ADDRESS), help="https://api.example.com/x/{{ profile@id }}"
        )
        method: str = choice("Method", _METHODS, default="POST")
        query: dict[str, str] = mapping("Query", default={}, max_items=50, help="What is missing is left out.")
        headers: dict[str, str] = mapping("Headers", default={}, max_items=30, help="None with secrets.")
        body: str = choice("Body", _BODIES, default=NOTHING)
        json: Any = template(
            "JSON", when=("body", JSON), help='{"id": "profile@id", "total": "event@properties.total"}'
        )
        form: dict[str, str] = mapping("Form", when=("body", FORM), help="What is missing is left out.")
        text_: str = long_text("Text", when=("body", TEXT))
        is_waited_for: bool = yes_no("Wait for the answer", default=True)
        answer: str = text("Name of the answer in the payload", default="answer", max_length=40)

        def problems(self) -> Iterator[Problem]:
            """Refuse headers that are the platform's, or secret."""
            for name in self.headers:
                if not requests.HEADER_NAME.fullmatch(name):
                    yield Problem(f"headers.{name}", "The name of a header has letters, digits and hyphens.")
                elif name.lower() in requests.OUR_HEADERS:
                    yield Problem(f"headers.{name}", "This header is set by the platform.")
                elif name.lower() in ("authorization", "cookie"):
                    yield Problem(f"headers.{name}", "Make a connection for it: there it is kept as a secret.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        if settings.where == CONNECTION:
            self._connection_id = place.connection("connection", settings.connection, kind="http")
            self._path = compile_path(place, "path", settings.path)
        else:
            address = compile_address(place, "url", settings.url)
            self._connection_id = place.address("url", address.origin) if address.origin else NOBODY
            self._path = address.path
        self._query = {name: place.value(f"query.{name}", said) for name, said in settings.query.items()}
        self._headers = {name: place.text(f"headers.{name}", said) for name, said in settings.headers.items()}
        self._form = {name: place.value(f"form.{name}", said) for name, said in settings.form.items()}
        self._json = place.value("json", settings.json)
        self._text = place.text("text", settings.text_)

    def run(self, step: Step) -> Move:
        """Send it, and go on as it went."""
        if isinstance(step.wake, Delivered):
            said = {self._settings.answer: read_answer(step.wake.answer)}
            return go_on(step.wake, step.payload, what="request", said=said)
        if isinstance(step.wake, Skipped):
            return Fail(GIVEN_UP, is_given_up=True)
        sent = Sent(self._connection_id, self._request(step.scope), is_waited_for=self._settings.is_waited_for)
        return Stay(until=None, sent=sent) if sent.is_waited_for else Go(sent=(sent,))

    def _request(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        path, query = self._path(scope), encoded(self._query, scope)
        if query:
            path += ("&" if "?" in path else "?") + query
        headers = {name: value(scope) for name, value in self._headers.items()}
        kind = self._settings.body
        if kind != NOTHING and "content-type" not in map(str.lower, headers):
            headers["Content-Type"] = TYPES[kind]
        request: dict[str, Any] = {
            "method": self._settings.method,
            "path": path,
            "headers": headers,
            "body": self._body(scope),
        }
        request["may_be_missing"] = True  # it may ask for one of many things: the others are there all the same
        problem = requests.problem_of_http(request)
        if problem:
            raise Failure(problem.message)
        return request

    def _body(self, scope: Mapping[str, Any]) -> str:
        match self._settings.body:
            case "json":
                return written(self._json(scope), "body")
            case "form":
                return encoded(self._form, scope)
            case _:
                return self._text(scope)
