"""The built editor: how much a browser loads before it shows something, and that it asks nobody but its own server."""

import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apps.flows.admin.editor_build import ENTRY, MANIFEST, SOURCES, digest
from cdp.processes import BASE_DIR

FIRST_LOAD_BYTES = 250_000  # compressed
EVALUATED = re.compile(r"\beval\(|new Function\(|\bdocument\.write\(")

pytestmark = pytest.mark.xdist_group("editor")  # it is built once


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it into a folder of our own."""
    folder = tmp_path_factory.mktemp("editor")
    command = ["npm", "run", "build", "--silent", "--", "--outDir", str(folder), "--logLevel", "warn"]
    done = subprocess.run(command, cwd=BASE_DIR / "frontend", capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def manifest(built: Path) -> dict[str, Any]:
    """Read what the page reads."""
    found: dict[str, Any] = json.loads((built / MANIFEST).read_text())
    return found


def first_files(manifest: dict[str, Any]) -> set[str]:
    """Name the files that are loaded before anything is shown."""
    keys, found = [ENTRY], set()
    while keys:
        chunk = manifest[keys.pop()]
        found |= {chunk["file"], *chunk.get("css", ())}
        keys += chunk.get("imports", ())
    return found


def test_the_first_load_is_small(built: Path, manifest: dict[str, Any]) -> None:
    own = sorted((BASE_DIR / "static" / "cdp" / "condition").glob("*.js"))
    paths = [*(built / name for name in first_files(manifest)), *own]

    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in paths}

    assert sum(sizes.values()) < FIRST_LOAD_BYTES, sizes


def test_it_says_of_what_it_was_built(built: Path) -> None:
    assert (built / SOURCES).read_text() == digest()


def test_names_have_hashes(built: Path) -> None:
    names = [path.name for path in (built / "assets").iterdir()]

    assert names
    assert [name for name in names if not re.fullmatch(r"[\w.]+-[\w-]{8}\.(?:js|css)", name)] == []


def test_what_lays_out_is_loaded_when_it_is_asked_for(built: Path, manifest: dict[str, Any]) -> None:
    first = first_files(manifest)
    scripts = {path.name for path in (built / "assets").glob("*.js") if "network-simplex" in path.read_text()}

    assert {f"assets/{name}" for name in scripts}.isdisjoint(first)


def test_nothing_is_loaded_from_elsewhere_and_nothing_evaluated(built: Path) -> None:
    for path in (built / "assets").iterdir():
        text = path.read_text()
        assert EVALUATED.findall(text) == []
        assert re.findall(r"""(?:\bfrom|\bimport\(?|@import|url\(|fetch\()\s*["'`]?https?://""", text) == []
