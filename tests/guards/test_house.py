"""What must hold everywhere: commands, queues, documents, the layout of the tests."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from cdp.processes import BASE_DIR
from tests import declares
from tests.guards.test_order import app_layers

# Folders of tests that mirror none of the code; README.md says what they are.
OTHER_TESTS = {"browser", "clients", "factories", "frontend", "guards", "stories", "systems"}
# Folders of templates that take the place of those of packages.
OTHER_TEMPLATES = {"admin", "django_rq", "unfold"}


def documents() -> Iterator[Path]:
    yield from BASE_DIR.glob("*.md")
    yield from (BASE_DIR / "docs").glob("*.md")


ALONE = """
import importlib, multiprocessing, sys
import django

django.setup()
for name in sys.argv[1:]:
    child = multiprocessing.get_context("fork").Process(target=importlib.import_module, args=(name,))
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(f"{name} cannot be imported before the other pages")
"""


def test_the_pages_of_any_app_can_be_imported_first() -> None:
    names = [".".join(path.parent.parts[-3:]) for path in BASE_DIR.glob("apps/*/admin/__init__.py")]

    subprocess.run([sys.executable, "-c", ALONE, *names], cwd=BASE_DIR, check=True)


def test_all_that_apps_declare_is_where_it_is_looked_for() -> None:
    """A module of a wrong name is imported by nobody, or too late: registries take nothing more by now, and say so."""
    for path in BASE_DIR.glob("apps/**/*.py"):
        if "migrations" not in path.parts:
            import_module(".".join(path.relative_to(BASE_DIR).with_suffix("").parts).removesuffix(".__init__"))


def test_every_command_is_tested() -> None:
    commands = {path.stem for path in BASE_DIR.glob("apps/*/management/commands/*.py")} - {"__init__"}
    tests = "\n".join(path.read_text() for path in (BASE_DIR / "tests").rglob("*.py"))

    assert commands - set(re.findall(r"""(?:call_command\(|manage\(|\*MANAGE, )\s*["'](\w+)["']""", tests)) == set()


def test_requirements_are_locked_with_hashes_and_name_no_host() -> None:
    for name in ("base", "dev", "node"):
        text = (BASE_DIR / "requirements" / f"{name}.txt").read_text()
        packages = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)

        assert [package for package in packages if package and "--hash=sha256:" not in package] == []
        assert "://" not in text
        assert "--" not in text.replace("--hash=sha256:", "")


def test_browsers_check_every_form() -> None:
    """What one cannot read, as half a date, it sends as nothing wherever it does not check the form."""
    templates = (BASE_DIR / "templates").rglob("*.html")

    assert [path.name for path in templates if re.search("novalidate", path.read_text(), re.IGNORECASE)] == []


def test_what_apps_declare_is_written_down() -> None:
    """Menu, grants, events, queues, jobs and scopes: whoever changes them sees it in a file, and reads it there."""
    assert declares.outdated() == [], f"Is it meant so? Then write it anew: {declares.COMMAND}"


def test_of_each_queue_and_job_all_is_said() -> None:
    """`tests.declares` writes the first cells; the others are for whoever adds one."""
    rows = [line for line in (BASE_DIR / "docs/queues.md").read_text().splitlines() if line.startswith("| `")]

    assert [row for row in rows if not all(cell.strip() for cell in row.split("|")[1:-1])] == [], (
        "Fill the other cells of its row in docs/queues.md."
    )


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in documents():
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")

    assert broken == []


def test_files_that_documents_name_are_there() -> None:
    """A path in backticks, of a module or folder of ours, survives no renaming unnoticed."""
    missing = []
    for page in documents():
        for path in re.findall(r"`((?:apps|bench|cdp|deploy|docker|docs|rehearsal|tests)/[\w./-]+)`", page.read_text()):
            if not path.endswith("/name.py") and not (BASE_DIR / path).exists():  # `name` is the recipes' placeholder
                missing.append(f"{page.name}: {path}")

    assert missing == []


def test_every_document_is_linked_from_another() -> None:
    texts = {page.name: page.read_text() for page in documents()}
    for page in (BASE_DIR / "docs").glob("*.md"):
        others = "\n".join(text for name, text in texts.items() if name != page.name)
        assert page.name in others, page.name


def test_folders_of_tests_mirror_the_code() -> None:
    folders = {path.name for path in (BASE_DIR / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    apps = {path.parent.name for path in BASE_DIR.glob("apps/*/__init__.py")}

    assert folders - OTHER_TESTS <= apps | {"cdp", "bench", "rehearsal"}
    assert apps <= folders
    for app in apps:
        below = (BASE_DIR / "tests" / app).rglob("*/")
        parts = {path.relative_to(BASE_DIR / "tests") for path in below if path.is_dir() and path.name != "__pycache__"}
        assert [str(part) for part in parts if not (BASE_DIR / "apps" / part).is_dir()] == []


def test_templates_lie_in_folders_of_apps() -> None:
    folders = {path.name for path in (BASE_DIR / "templates").iterdir() if path.is_dir()}
    apps = {path.parent.name for path in BASE_DIR.glob("apps/*/__init__.py")}

    assert folders <= apps | OTHER_TEMPLATES


def test_every_template_of_an_app_is_used_and_each_that_is_used_is_there() -> None:
    templates = BASE_DIR / "templates"
    texts = [path.read_text() for folder in ("apps", "cdp") for path in (BASE_DIR / folder).rglob("*.py")]
    texts += [path.read_text() for path in templates.rglob("*.html")]
    named = {name for text in texts for name in re.findall(r'"([a-z_]+/[a-z_]+\.html)"', text)}
    found = {str(path.relative_to(templates)) for path in templates.glob("*/*.html")}
    ours = {name for name in found if name.partition("/")[0] not in OTHER_TEMPLATES}

    assert ours - named == set()
    assert {name for name in named if name.partition("/")[0] not in OTHER_TEMPLATES} - ours == set()


def test_no_app_shows_a_template_of_a_higher_one() -> None:
    layers = app_layers()
    broken = []
    for folder, suffix in (("apps", "py"), ("templates", "html")):
        for app in layers:
            higher = "|".join(layers[: layers.index(app)]) or "nobody"
            for path in (BASE_DIR / folder / app).rglob(f"*.{suffix}"):
                broken += [
                    f"{path}: {name}" for name in re.findall(rf'"((?:{higher})/[a-z_]+\.html)"', path.read_text())
                ]

    assert broken == []
