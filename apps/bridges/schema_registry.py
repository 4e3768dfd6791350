"""The registry of schemas that Confluent, Redpanda, Karapace and Apicurio speak alike: schemas by their number."""

import json
import ssl
import time
from base64 import b64encode
from typing import Any, Final, Protocol
from urllib.parse import quote

from fastavro.schema import SchemaParseException, UnknownType, parse_schema

from apps.bridges import avro_schemas
from apps.bridges.connection_kind import Failure, Part, failure_of
from apps.bridges.safe_addresses import goes_in_clear
from apps.core import egress
from apps.core.egress import EgressError

ASK_SECS: Final = 8.0
MAX_SCHEMA_BYTES: Final = 5_000_000
MISSING_SECS: Final = 30.0  # until it is asked again for a schema that it did not have
MAX_DEPTH: Final = 20  # of schemas that refer to others


class HasRegistry(Protocol):
    """Where the registry is, and what it lets us in by."""

    @property
    def registry_url(self) -> str:
        """Its address; empty: there is none."""

    @property
    def registry_user(self) -> str:
        """Who asks; empty: nobody in particular."""

    @property
    def registry_password(self) -> str:
        """The user's."""

    @property
    def ca(self) -> str:
        """An authority that is trusted besides those that the world trusts."""


class NoSchema(Exception):
    """There is no such schema, or none that we can read; the message says which."""


class Registry:
    """Schemas of Avro, remembered once they were asked for: a number means the same for ever."""

    def __init__(self, settings: HasRegistry) -> None:
        self._settings = settings
        self._found: dict[int, Any] = {}
        self._recursive: set[int] = set()
        self._missing: dict[int, tuple[float, str]] = {}  # until when, and why

    def schema(self, number: int) -> Any:
        """Return a schema, parsed. Raises NoSchema, and Failure where the registry gives no answer."""
        if number in self._found:
            return self._found[number]
        until, told = self._missing.get(number, (0.0, ""))
        if until > time.monotonic():
            raise NoSchema(told)
        try:
            found = self._asked(number)
        except NoSchema as error:
            self._missing[number] = (time.monotonic() + MISSING_SECS, str(error))
            raise
        if avro_schemas.is_recursive(found):
            self._recursive.add(number)
        self._found[number] = found
        return found

    def is_recursive(self, number: int) -> bool:
        """Tell whether a schema that was asked for describes values of any depth."""
        return number in self._recursive

    def check(self) -> None:
        """Ask for what there always is. Raises Failure."""
        self._get("/schemas/types", "whether it is one")

    def _asked(self, number: int) -> Any:
        said = self._get(f"/schemas/ids/{number}", f"schema {number}")
        if said is None:
            raise NoSchema(f"The schema registry knows no schema {number}.")
        kind = said.get("schemaType", "AVRO")
        if kind != "AVRO":
            raise NoSchema(f"Schema {number} is of the type {str(kind)[:40]}, and not of Avro.")
        try:
            return self._parsed(said, {}, depth=0)
        except (SchemaParseException, UnknownType, ValueError, TypeError, KeyError, AttributeError):
            raise NoSchema(f"Schema {number} cannot be read.") from None

    def _parsed(self, said: dict[str, Any], named: dict[str, Any], *, depth: int) -> Any:
        """Parse a schema, after those that it refers to."""
        if depth > MAX_DEPTH:
            raise ValueError
        for reference in said.get("references") or ():
            subject, version = quote(str(reference["subject"]), safe=""), int(reference["version"])
            found = self._get(f"/subjects/{subject}/versions/{version}", "a schema that another one refers to")
            if found is None:
                raise ValueError
            self._parsed(found, named, depth=depth + 1)
        return parse_schema(json.loads(said["schema"]), named_schemas=named)

    def _get(self, path: str, what: str) -> Any:
        """Ask the registry; None: it has no such thing. Raises Failure."""
        url = f"{self._settings.registry_url.rstrip('/')}{path}"
        try:
            answer = egress.fetch(
                url,
                headers=self._headers(),
                secs=ASK_SECS,
                is_private=goes_in_clear(url),
                most_bytes=MAX_SCHEMA_BYTES,
                context=self._context(),
            )
        except EgressError as error:
            raise Failure(failure_of(error).part, f"The schema registry cannot be asked. {error}") from None
        if answer.status in (401, 403):
            part = Part.SIGN_IN if answer.status == 401 else Part.RIGHT
            raise Failure(part, f"The schema registry does not let us ask: it said {answer.status}.")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Failure(Part.NETWORK, f"The schema registry does not tell {what} now: it said {answer.status}.")
        try:
            return json.loads(answer.body)
        except ValueError:
            told = f"What answers at the address of the schema registry is none: asked for {what}, it sends no JSON."
            raise Failure(Part.NETWORK, told) from None

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if self._settings.registry_user:
            pair = f"{self._settings.registry_user}:{self._settings.registry_password}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        return headers

    def _context(self) -> ssl.SSLContext | None:
        if not self._settings.ca:
            return None
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=self._settings.ca)
        return context
