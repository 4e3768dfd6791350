"""What the editor and the query bar ask the server: text to tree, tree to text, what may be typed, what there is."""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from apps import conditions
from apps.conditions import Catalogue, Condition, ConditionError, Doubt
from apps.conditions.functions import FUNCTIONS
from apps.conditions.text import quote
from apps.core import reading
from apps.core.admin.conditions.builder import from_builder, to_builder
from apps.core.admin.conditions.languages import LANGUAGES, Language

MAX_BODY = 500_000
Answer = dict[str, Any]


def urls(site: Any) -> list[URLPattern]:
    """Return the addresses of all languages."""
    views = {"read": read, "write": write, "complete": complete, "fields": fields}
    return [
        path(f"conditions/<slug:language>/{name}/", site.admin_view(view), name=f"conditions_{name}")
        for name, view in views.items()
    ]


def _asked(answer: Callable[[Language, Any, Any], Answer]) -> Callable[[HttpRequest, str], JsonResponse]:
    """Find the language, check that the user may look at what it is about, and read the body."""

    @wraps(answer)
    def view(request: HttpRequest, language: str) -> JsonResponse:
        found = LANGUAGES.get(language)
        if found is None:
            raise Http404
        if not request.user.has_perm(found.permission):
            raise PermissionDenied
        try:
            body = _body(request) if request.method == "POST" else {}
            return JsonResponse(answer(found, request.user, body))
        except ConditionError as error:
            return JsonResponse({"error": error_as_json(error)})

    return view


def _body(request: HttpRequest) -> Any:
    try:
        body = reading.loads(request.body) if len(request.body) <= MAX_BODY else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ConditionError("Expected a JSON object of a reasonable size.")
    return body


def _text(body: Answer) -> str:
    text = body.get("text")
    if not isinstance(text, str):
        raise ConditionError("Expected a text.")
    return text


@require_POST
@_asked
def read(language: Language, user: Any, body: Answer) -> Answer:
    """Read a text: its tree for the builder, and its canonical text. A `part` stands within a larger condition."""
    text = _text(body)
    if not text.strip():
        return {"text": "", "json": None}
    if body.get("part"):
        condition = conditions.parse(text, catalogue=language.known_to(user))
    else:
        condition = language.parse(text, user=user)
    return {"text": str(condition), "json": to_builder(condition), "doubts": _doubts(language, user, condition, text)}


@require_POST
@_asked
def write(language: Language, user: Any, body: Answer) -> Answer:
    """Write what the builder has as text, and say what is wrong with it as if it had been typed."""
    condition = from_builder(body.get("json"))
    answer: Answer = {"text": str(condition), "json": to_builder(condition)}
    try:
        language.parse(answer["text"], user=user)
        answer["doubts"] = _doubts(language, user, condition, answer["text"])
    except ConditionError as error:
        answer["error"] = error_as_json(error)
    return answer


def _doubts(language: Language, user: Any, condition: Condition, text: str) -> list[Answer]:
    """Say which words name nothing that is known, as mistakes are said; they keep nobody from asking."""
    found = conditions.doubts(condition, language.known_to(user))
    return [_doubt_as_json(doubt, text) for doubt in found]


def _doubt_as_json(doubt: Doubt, text: str) -> Answer:
    written = next((way for way in (quote(doubt.word), f"'{doubt.word}'") if way in text), "")
    suggestion = quote(doubt.nearest) if doubt.nearest else ""
    offset = text.find(written) if written else None
    return {"message": doubt.message, "offset": offset, "length": len(written), "suggestion": suggestion}


@require_POST
@_asked
def complete(language: Language, user: Any, body: Answer) -> Answer:
    """Say what may be typed at a position."""
    text, position = _text(body), body.get("position")
    if not isinstance(position, int):
        raise ConditionError("Expected a position.")
    found = conditions.complete(text, min(max(position, 0), len(text)), language.known_to(user))
    return {"suggestions": [asdict(suggestion) for suggestion in found]}


@require_safe
@_asked
def fields(language: Language, user: Any, body: Answer) -> Answer:
    """List what there is to ask about, for the builder's inputs."""
    catalogue = language.known_to(user)
    return {**catalogue_as_json(catalogue), "roots": list(language.roots), "has_past": language.has_past}


def catalogue_as_json(catalogue: Catalogue) -> Answer:
    """Return a catalogue for the builder."""
    return {
        "fields": [
            {"path": text, "label": known.label, "kind": known.kind, "values": list(known.values)}
            for text, known in catalogue.fields.items()
        ],
        "open": sorted(catalogue.open_objects),
        "events": list(catalogue.event_types),
        "consents": None
        if catalogue.consents is None
        else [{"id": id, "name": name} for id, name in catalogue.consents.items()],
        "functions": {name: function.summary for name, function in FUNCTIONS.items() if function.n_arguments == 1},
    }


def error_as_json(error: ConditionError) -> Answer:
    """Return what is wrong, and where."""
    hint = "" if error.suggestion or not error.expected else f"Expected {', '.join(error.expected)}."
    return {
        "message": error.message,
        "hint": hint,
        "line": error.line,
        "column": error.column,
        "offset": error.offset,
        "length": error.length,
        "suggestion": error.suggestion,
        "path": error.path,
    }
