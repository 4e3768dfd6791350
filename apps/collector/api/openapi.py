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
    "description": "Send a click on to the stored address of a tracked link, and record it.",
    "responses": {
        "302": {"description": "On to the address."},
        "404": {"description": "There is no such link; in words, as people read it."},
    },
}
_REDIRECT_ID: Final = {
    "in": "path",
    "name": "redirect_id",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_SESSION_ID: Final = {"in": "path", "name": "session_id", "required": True, "schema": {"type": "string"}}


def complete(result: dict[str, Any], generator: Any, request: Any, public: Any) -> dict[str, Any]:
    """Say that bodies are required, and describe tracked links, which are no views of the framework."""
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
    return result
