"""What the description of the API says that no view does: see SPECTACULAR_SETTINGS."""

from typing import Any, Final

# How a program shows which source it sends for; /track names it in the body, webhooks in the address.
SECURITY_SCHEMES: Final = {
    "writeKey": {
        "type": "http",
        "scheme": "basic",
        "description": "The write key of a source as the user name; the password is empty.",
    }
}
WRITE_KEY: Final[Any] = [{"writeKey": []}, {}]  # or in the body, or in the address
BODIES: Final = ("post", "put", "patch")
_LINK: Final = {
    "tags": ["Collect"],
    "description": "Send a click on to where a tracked link leads, and record it.",
    "responses": {
        "302": {"description": "On to the address."},
        "400": {"description": "It names a target that is not signed; in words, as people read it."},
        "404": {"description": "There is no such link; in words."},
        "410": {"description": "The link has expired; in words."},
    },
}
_PIXEL: Final = {
    "tags": ["Collect"],
    "description": "Answer a picture of one transparent point, and record that it was seen: the parameters become the "
    "properties of an event.",
    "responses": {"200": {"description": "The picture.", "content": {"image/gif": {"schema": {"type": "string"}}}}},
}
_WRITE_KEY: Final = {"in": "path", "name": "write_key", "required": True, "schema": {"type": "string"}}
_OF_PIXELS: Final = [
    {"in": "query", "name": "type", "schema": {"type": "string"}, "description": "The event's type: message-opened."},
    {"in": "query", "name": "id", "schema": {"type": "string"}, "description": "It counts once by this."},
]
_REDIRECT_ID: Final = {
    "in": "path",
    "name": "redirect_id",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_SESSION_ID: Final = {"in": "path", "name": "session_id", "required": True, "schema": {"type": "string"}}


def complete(result: dict[str, Any], generator: Any, request: Any, public: Any) -> dict[str, Any]:
    """Say that bodies are required, and describe links and pixels, which are no views of the framework."""
    paths = result["paths"]
    for operations in paths.values():
        for method in BODIES:
            body = operations.get(method, {}).get("requestBody")
            if body:
                body["required"] = True
    parameters = [_REDIRECT_ID, _SESSION_ID]
    paths["/redirect/{redirect_id}"] = {"get": {**_LINK, "operationId": "click", "parameters": parameters[:1]}}
    paths["/redirect/{redirect_id}/{session_id}"] = {
        "get": {**_LINK, "operationId": "click_in_session", "parameters": parameters}
    }
    paths["/pixel/{write_key}.gif"] = {
        "get": {**_PIXEL, "operationId": "pixel", "parameters": [_WRITE_KEY, *_OF_PIXELS]}
    }
    paths["/pixel/{write_key}/{session_id}.gif"] = {
        "get": {**_PIXEL, "operationId": "pixel_in_session", "parameters": [_WRITE_KEY, _SESSION_ID, *_OF_PIXELS]}
    }
    return result
