"""The editor with a flow of 300 nodes: frames a second in headless Chromium, which draws with processors alone.

All nodes are in view at once, the worst that there is: that one is dragged, the drawing is panned and zoomed, and a
selection goes from node to node by key. The editor is built, and its server stands in for by what it would answer.
"""

import itertools
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, Route

from apps.flows.admin.editor_build import ENTRY, MANIFEST
from apps.flows.describing import kind_documents
from cdp.processes import BASE_DIR
from tests.chromium import chromium, new_page

NODES, ACROSS = 300, 20
SECS = 3.0
SITE = "http://editor.invalid/"
TYPES = {".js": "text/javascript", ".css": "text/css"}
FRAMES = """() => {
    window.frames_ = []
    const tick = (now) => { window.frames_.push(now); window.ticking_ = requestAnimationFrame(tick) }
    window.ticking_ = requestAnimationFrame(tick)
}"""
STOP = "() => { cancelAnimationFrame(window.ticking_); return window.frames_ }"


def editor() -> dict[str, float]:
    """Return frames a second of each gesture, what these take, and how long opening takes."""
    with tempfile.TemporaryDirectory(prefix="cdp-editor-") as folder, chromium() as browser, new_page(browser) as page:
        build(Path(folder))
        page.route(f"{SITE}**", lambda route: answer(route, Path(folder)))
        began = time.perf_counter()
        page.goto(SITE)
        page.locator(".react-flow__node-card").nth(NODES - 1).wait_for()
        found = {"editor_opened_s": time.perf_counter() - began}
        page.wait_for_timeout(1_000)
        for name, gesture in GESTURES.items():
            fps, p99_ms, cpu_ms = measured(page, gesture)
            found |= {
                f"editor_{name}_{key}": value for key, value in {"fps": fps, "p99_ms": p99_ms, "cpu_ms": cpu_ms}.items()
            }
    return found


def build(folder: Path) -> None:
    """Build the editor into a folder."""
    command = ["npm", "run", "build", "--silent", "--", "--outDir", str(folder), "--logLevel", "error"]
    subprocess.run(command, cwd=BASE_DIR / "frontend", check=True, timeout=120)


def measured(page: Page, gesture: Callable[[Page], None]) -> tuple[float, float, float]:
    """Return frames a second, what the slowest hundredth of them takes, and what each costs its thread, both in ms.

    What the thread costs says as much where other programs want the processors, too.
    """
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(FRAMES)
    before = _busy_secs(devtools)
    gesture(page)
    frames: list[float] = page.evaluate(STOP)
    busy = _busy_secs(devtools) - before
    took = [later - earlier for earlier, later in itertools.pairwise(frames)]
    return 1_000 * len(took) / sum(took), statistics.quantiles(took, n=100)[-1], 1_000 * busy / len(took)


def _busy_secs(devtools: CDPSession) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


# --- What is done ---


def drag(page: Page) -> None:
    """Drag a node in circles, with the edges that lead to it and from it."""
    _drag(page, "#card-n150", 10, 4)


def pan(page: Page) -> None:
    """Drag the whole drawing."""
    _drag(page, ".react-flow__pane", 30, 30)


def zoom(page: Page) -> None:
    """Turn the wheel to and fro."""
    page.keyboard.down("Control")
    until = time.perf_counter() + SECS
    while time.perf_counter() < until:
        for _ in range(5):
            page.mouse.wheel(0, -40)
        for _ in range(5):
            page.mouse.wheel(0, 40)
    page.keyboard.up("Control")


def keys(page: Page) -> None:
    """Go up and down along the flow by key, ten nodes a second."""
    page.locator(".canvas").focus()
    page.keyboard.press("Home")
    until, step = time.perf_counter() + SECS, 0
    while time.perf_counter() < until:
        step = (step + 1) % 20
        page.keyboard.press("ArrowDown" if step < 10 else "ArrowUp")
        page.wait_for_timeout(100)


def _drag(page: Page, what: str, right: float, down: float) -> None:
    box = page.locator(what).bounding_box()
    assert box
    x, y = box["x"] + right, box["y"] + down
    page.mouse.move(x, y)
    page.mouse.down()
    until, step = time.perf_counter() + SECS, 0
    while time.perf_counter() < until:
        step = (step + 1) % 40
        page.mouse.move(x + abs(20 - step) * 8, y + abs(20 - step) * 3)
    page.mouse.up()


GESTURES: dict[str, Callable[[Page], None]] = {"drag": drag, "pan": pan, "zoom": zoom, "keys": keys}


# --- What the server would answer ---


def answer(route: Route, folder: Path) -> None:
    """Be the server of the page."""
    path = route.request.url.removeprefix(SITE)
    documents: dict[str, Any] = {
        "api/node-kinds": kind_documents.whole(),
        "api/flows/big": {"draft": flow(), "draft_revision": 1},
        "api/flows/check": {"problems": [], "ports": {}, "summaries": {}},
        "api/names": dict.fromkeys(("event_types", "segments", "connections", "consents", "sources", "flows"), ()),
        "api/flows/big/revision": {"draft_revision": 1, "version": None, "state": "off"},
    }
    if path in documents:
        route.fulfill(json=documents[path])
    elif not path:
        route.fulfill(body=document(folder), content_type="text/html")
    elif (file := folder / path).is_file():
        route.fulfill(body=file.read_bytes(), content_type=TYPES.get(file.suffix, "application/octet-stream"))
    else:
        route.fulfill(json={})


def document(folder: Path) -> str:
    """Return the page, as templates/flows/editor.html makes it."""
    chunk = json.loads((folder / MANIFEST).read_text())[ENTRY]
    styles = "".join(f'<link rel="stylesheet" href="{name}">' for name in chunk["css"])
    may = dict.fromkeys(("change", "publish", "seePeople", "seeRuns", "changeRuns"), True)
    pages = dict.fromkeys(("signIn", "flow", "flows", "form", "person", "run", "flowByKey"), "#")
    boot = {
        "flow": {"id": "big", "key": "big", "name": "Big", "kind": "collection"},
        "api": "/api/",
        "csrfCookie": "csrftoken",
        "user": {"id": "1", "name": "Ada"},
        "may": may,
        "pages": pages,
    }
    return (
        f"<!DOCTYPE html><html><head>{styles}"
        "<style>html, body, #flow-editor { margin: 0; height: 100% }</style></head><body>"
        f'<div id="flow-editor"></div><script id="flow-editor-boot" type="application/json">{json.dumps(boot)}</script>'
        f'<script type="module" src="{chunk["file"]}"></script></body></html>'
    )


def flow() -> dict[str, Any]:
    """Draw columns of nodes, of which each second one asks, and leads to the next; with groups and notes."""
    ids = ["start", *(f"n{number}" for number in range(1, NODES))]
    nodes = [
        {
            "id": id,
            "kind": "condition" if number % 2 else "wait",
            "position": {"x": number % ACROSS * 300, "y": number // ACROSS * 200},
        }
        for number, id in enumerate(ids)
    ]
    nodes[0]["kind"] = "start"
    edges = [
        {"from": ids[number - ACROSS], "port": "true" if (number - ACROSS) % 2 else "out", "to": ids[number]}
        for number in range(ACROSS, NODES)
    ]
    edges += [{"from": ids[n], "port": "false", "to": ids[n + 1]} for n in range(1, NODES - 1, 2) if (n + 1) % ACROSS]
    edges += [{"from": "start", "to": ids[number]} for number in range(1, ACROSS)]
    groups = [{"id": f"g{n}", "name": f"Group {n}", "nodes": ids[n : n + 3]} for n in range(21, 200, 20)]
    notes = [{"id": f"m{n}", "text": f"Note {n}", "position": {"x": 6_100, "y": n * 150}} for n in range(10)]
    return {"nodes": nodes, "edges": edges, "groups": groups, "notes": notes}
