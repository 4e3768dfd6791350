"""Parts of requests and answers of HTTP, as nodes write and read them."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson

from apps.flows.node import Scope
from apps.flows.templates.channels import text_of

JSON, FORM, TEXT = "json", "form", "text"
TYPES: Final = {JSON: "application/json", FORM: "application/x-www-form-urlencoded", TEXT: "text/plain; charset=utf-8"}


def encoded(values: Mapping[str, Any], scope: Scope) -> str:
    """Write parameters, compiled values by their names; those without a value are left out."""
    found = {name: text_of(value(scope)) for name, value in values.items()}
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in found.items() if value)


def read_answer(answer: Any) -> dict[str, Any]:
    """Return what a system answered, and what it means if it is JSON."""
    found = dict(answer or {})
    try:
        found["json"] = orjson.loads(found.get("body") or "null")
    except orjson.JSONDecodeError:
        found["json"] = None
    return found
