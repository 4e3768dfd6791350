"""Put a file into a bucket."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from apps.bridges import requests
from apps.core.typed_settings import choice, long_text, reference, template, text, yes_no
from apps.flows.contacting.writing import GIVEN_UP
from apps.flows.engine.moves import Delivered, Fail, Failure, Go, Move, Sent, Skipped, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.json_checks import written
from apps.flows.nodes.leaving_as_sent import go_on
from apps.flows.nodes.outside.http_parts import JSON, TEXT, TYPES
from apps.flows.nodes.results import into

_WHAT: Final = {JSON: "JSON", TEXT: "A text"}


@register
class WriteFile(Node):
    """A file is put into a bucket of S3; payload@file.name is what it is called there.

    It is put there once for each time that people come here; tries that are made again put the same there under the
    same name. What has that name already is replaced: write :key into it, which is another one for each time that
    people come here, where each file is to stay. People leave by out where it was taken, by refused where this file
    cannot be, and by error where no try went well in 72 hours.
    """

    key, group, title, icon, order = "s3-file", "outside", "File to a bucket (S3)", "upload_file", 50
    ports = ("out", "refused")
    effects = Effects.EXTERNAL
    has_error_port = True
    is_wait = True
    example = {
        "connection": "Warehouse",
        "name": "orders/{{ event@properties.order_id }}/:key.json",
        "json": {"person": "profile@id", "total": "event@properties.total"},
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Where, and what."""

        connection: str = reference("Connection", to="connection", help="The bucket, and the key that may write.")
        name: str = text("Name", max_length=2_000, help="orders/{{ event@properties.order_id }}/:key.json")
        content: str = choice("Content", _WHAT, default=JSON)
        json: Any = template("JSON", when=("content", JSON), help='{"id": "profile@id"}')
        text_: str = long_text("Text", when=("content", TEXT), help="Such as lines of CSV.")
        content_type: str = text(
            "Type of the content",
            default="",
            max_length=200,
            help="text/csv; charset=utf-8. Empty: that of JSON, or of plain text.",
        )
        is_waited_for: bool = yes_no("Wait until it is there", default=True)
        into: str = into("file")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._connection_id = place.connection("connection", settings.connection, kind="s3")
        self._name = place.text("name", settings.name)
        self._json = place.value("json", settings.json)
        self._text = place.text("text", settings.text_)
        if settings.content_type and not requests.is_content_type(settings.content_type):
            place.refuse("content_type", "A type of content is as text/csv, or text/csv; charset=utf-8.")

    def run(self, step: Step) -> Move:
        """Send it, and go on as it went."""
        if isinstance(step.wake, Delivered):
            return go_on(step.wake, step.payload, what="file", said=self._found(step.wake))
        if isinstance(step.wake, Skipped):
            return Fail(GIVEN_UP, is_given_up=True)
        sent = Sent(self._connection_id, self._request(step), is_waited_for=self._settings.is_waited_for)
        return Stay(until=None, sent=sent) if sent.is_waited_for else Go(sent=(sent,))

    def _request(self, step: Step) -> dict[str, Any]:
        said = self._settings
        is_json = said.content == JSON
        request = {
            "name": self._name(step.scope).strip(),
            "text": written(self._json(step.scope), "file") if is_json else self._text(step.scope),
            "content_type": said.content_type or TYPES[said.content],
        }
        problem = requests.problem_of_file(request)
        if problem:
            raise Failure(problem.message)
        return request

    def _found(self, ended: Delivered) -> dict[str, Any]:
        if ended.outcome != "delivered":
            return {}
        body = ended.answer.get("body") if isinstance(ended.answer, dict) else None
        try:
            return {self._settings.into: orjson.loads(body or "null")}
        except (orjson.JSONDecodeError, TypeError):
            return {self._settings.into: None}
