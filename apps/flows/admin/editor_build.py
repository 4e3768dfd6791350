"""What `frontend/` was built into, among the static files: the addresses of the editor, and whether it is old."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest

from cdp.processes import BASE_DIR

FOLDER: Final = "editor"  # among the static files; frontend/vite.config.ts names all of these, too
MANIFEST: Final = "manifest.json"
SOURCES: Final = "sources.txt"
ENTRY: Final = "src/main.tsx"
AS_TEXT: Final = "as_text"  # asked for by who would rather not draw


def built() -> dict[str, Any] | None:
    """Return the addresses of the built editor: `script`, the `imports` that it needs at once, and `styles`.

    It `is_old` where it was built of other sources than those that are here. None: it was not built when static files
    were collected.
    """
    text = _read(MANIFEST)
    if text is None:
        return None
    manifest = json.loads(text)
    entry, *imported = dict.fromkeys(_chunks(manifest, ENTRY))
    styles = dict.fromkeys(name for key in (entry, *imported) for name in manifest[key].get("css", ()))
    return {
        "script": _address(manifest[entry]["file"]),
        "imports": [_address(manifest[key]["file"]) for key in imported],
        "styles": [_address(name) for name in styles],
        "is_old": digest() not in (_read(SOURCES), None),
    }


def is_drawn(request: HttpRequest) -> bool:
    """Tell whether a new flow is drawn, on the next page; without an editor of now, or if asked for, it is text."""
    bundle = built()
    return AS_TEXT not in request.GET and bundle is not None and not bundle["is_old"]


def digest() -> str | None:
    """Digest the sources of the editor; None where they are not, as in the image, which has the editor alone."""
    folder = BASE_DIR / "frontend"
    if not folder.exists():
        return None
    found = {path.relative_to(folder).as_posix(): path for path in (folder / "src").rglob("*") if path.is_file()}
    found["package-lock.json"] = folder / "package-lock.json"
    digested = hashlib.sha256()
    for name, path in sorted(found.items()):
        digested.update(b"%b\0%b\0" % (name.encode(), path.read_bytes()))
    return digested.hexdigest()


def _read(name: str) -> str | None:
    try:
        with staticfiles_storage.open(f"{FOLDER}/{name}") as file:
            return str(file.read().decode())
    except FileNotFoundError:
        return None


def _chunks(manifest: dict[str, Any], key: str) -> Iterator[str]:
    """Yield the names of a chunk and of all that it imports at once."""
    yield key
    for imported in manifest[key].get("imports", ()):
        yield from _chunks(manifest, imported)


def _address(name: str) -> str:
    return staticfiles_storage.url(f"{FOLDER}/{name}")
