"""What the rehearsal reads is what the engine would read: of Dockerfile, .dockerignore and compose.yaml."""

from pathlib import Path

import pytest

from cdp.processes import BASE_DIR
from rehearsal.dockerfile import Ignored, NotUnderstood, context, parse
from rehearsal.services import env_file, load, make_volumes, seconds

DOCKER = BASE_DIR / "docker"


def test_stages_have_names_and_steps_with_continued_lines_and_without_comments() -> None:
    first, second = parse(
        "# One\nFROM python:3.11 AS packages\nRUN one \\\n    # not this\n    && two\n\nFROM packages\n"
        'COPY --from=packages /venv /venv\nCMD ["run", "web"]\n'
    )

    assert (first.base, first.name, second.base, second.name) == ("python:3.11", "packages", "packages", "1")
    assert [(step.name, step.text, step.line) for step in first.steps] == [("RUN", "one && two", 3)]
    assert [step.words() for step in second.steps] == [["--from=packages", "/venv", "/venv"], ["run", "web"]]


@pytest.mark.parametrize("text", ["FROM a\nARG VERSION", "RUN before", "FROM a\nADD http://a /"])
def test_what_it_does_not_understand_is_not_left_out(text: str) -> None:
    with pytest.raises(NotUnderstood, match=r"line \d: (ARG|RUN|ADD) has no meaning here"):
        parse(text)


@pytest.mark.parametrize(
    ("path", "is_ignored"),
    [
        ("README.md", True),
        ("apps/core/jobs.py", False),
        ("apps/core/__pycache__/jobs.pyc", True),
        ("requirements/base.txt", False),
        ("requirements/dev.txt", True),
        ("requirements/node.txt", False),
        ("frontend/src/main.tsx", False),
        ("frontend/.npmrc", False),
        ("frontend/node_modules/vite/package.json", True),
        ("static/editor/manifest.json", True),
        ("static/cdp/admin.css", False),
        ("manage.py", False),
        ("manage.py.orig", True),
        ("docker/.env", True),
        ("var/secret_key", True),
    ],
)
def test_the_image_is_made_of_the_program_alone(path: str, is_ignored: bool) -> None:
    ignored = Ignored((DOCKER / "Dockerfile.dockerignore").read_text())

    assert (path in ignored) is is_ignored


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ("", ["a.py", "b/a.py", "b/c/d.txt"]),
        ("*", []),
        ("*.py", ["b/a.py", "b/c/d.txt"]),
        ("**/*.py", ["b/c/d.txt"]),
        ("# b\nb", ["a.py"]),
        ("*\n!b", ["b/a.py", "b/c/d.txt"]),
        ("*\n!b\nb/c", ["b/a.py"]),
        ("b/?.py", ["a.py", "b/c/d.txt"]),
    ],
)
def test_the_last_rule_decides(rules: str, found: list[str], tmp_path: Path) -> None:
    for name in ("a.py", "b/a.py", "b/c/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert context(tmp_path, Ignored(rules)) == found


def test_the_dockerfile_is_understood() -> None:
    assert [stage.name for stage in parse((DOCKER / "Dockerfile").read_text())] == ["packages", "editor", "2"]


def test_variables_are_put_in_and_those_that_must_be_there_are_missed(tmp_path: Path) -> None:
    compose = tmp_path / "compose.yaml"
    compose.write_text("a: ${A}\nb: ${B:-two}\nc: ${C:?say it}\n")

    assert load(compose, {"A": "one", "C": "three"}) == {"a": "one", "b": "two", "c": "three"}
    with pytest.raises(KeyError, match="C: say it"):
        load(compose, {})


def test_what_the_example_of_variables_leaves_empty_must_be_filled_in() -> None:
    filled = {"POSTGRES_PASSWORD": "p", "SECRET_KEY": "s", "IDENTITY_KEY": "i", "ENCRYPTION_KEYS": "e"}

    assert env_file(DOCKER / "env.example", filled) == {**filled, "ALLOWED_HOSTS": "localhost"}
    with pytest.raises(KeyError):
        env_file(DOCKER / "env.example", {})


def test_volumes_in_memory_belong_to_whom_their_options_name(tmp_path: Path) -> None:
    options = {"type": "tmpfs", "device": "tmpfs", "o": f"size=1m,uid={tmp_path.stat().st_uid},mode=0750"}

    made = make_volumes({"postgres": None, "metrics": {"driver_opts": options}}, tmp_path)

    assert made == {"metrics": tmp_path / "metrics"}
    assert made["metrics"].stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(("text", "secs"), [("10s", 10), ("1m", 60), ("1m30s", 90)])
def test_durations(text: str, secs: int) -> None:
    assert seconds(text) == secs
