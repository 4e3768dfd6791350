"""A node that is begun works as it is, and its test passes: in ours, and in a package of somebody else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from uv import find_uv_bin

from apps.flows import new_nodes
from apps.flows.management.commands import node as command
from apps.flows.node import kinds
from cdp.processes import BASE_DIR


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Our folders, as far as nodes and their tests need them."""
    for folder in ("apps", "cdp", "tests"):
        ignored = shutil.ignore_patterns("clients", "browser", "node_modules")
        shutil.copytree(BASE_DIR / folder, tmp_path / folder, ignore=ignored)
    for file in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(BASE_DIR / file, tmp_path)
    return tmp_path


def passed(folder: Path, *arguments: str, **environment: str) -> str:
    """Run tests in a folder, and return the last line that pytest says. Fails where they do."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def test_a_node_of_ours_is_there_with_its_test_and_keeps_the_laws_of_all(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "BASE_DIR", tree)
    call_command("node", "new", "place", "greet-place", title="Greet a place")

    node, test = tree / "apps/flows/nodes/places/greet_place.py", tree / "tests/flows/nodes/places/test_greet_place.py"
    assert capsys.readouterr().out.splitlines()[:2] == [str(node), str(test)]
    all_nodes, kind = "tests/flows/nodes/test_all_nodes.py", "greet-place and not cannot_be"  # without a database
    of_ours = ("-o", "addopts=--import-mode=importlib", "-k", f"greet_place or {kind}")
    assert passed(tree, *of_ours, str(test.relative_to(tree)), all_nodes).startswith("6 passed")
    with pytest.raises(CommandError, match=r"key: There is .*greet_place\.py already\."):
        call_command("node", "new", "place", "greet-place")


def test_a_package_of_somebody_else_is_begun_installed_and_brings_its_nodes(tmp_path: Path) -> None:
    package, site = tmp_path / "acme-nodes", tmp_path / "site"
    call_command("node", "new", "acme", "acme-greet", package=package)
    call_command("node", "new", "data", "acme-count", package=package)

    into = ["--python", sys.executable, "--target", str(site)]
    install = [find_uv_bin(), "pip", "install", "--quiet", "--offline", "--no-deps", *into, str(package)]
    subprocess.run(install, check=True)
    (site / "acme_nodes/acme_greet.py").read_text()  # it is there, and not only named
    shutil.rmtree(package / "acme_nodes")
    assert passed(package, PYTHONPATH=f"{BASE_DIR}:{site}").startswith("4 passed")


@pytest.mark.parametrize(
    ("group", "key", "title", "field"),
    [
        ("data", "Greet", "", "key"),
        ("data", "greet_person", "", "key"),
        ("data", "greet--person", "", "key"),
        ("data", "../greet", "", "key"),
        ("data", "", "", "key"),
        ("data", "g" * (new_nodes.MAX_KEY + 1), "", "key"),
        ("data", "none", "", "key"),
        ("data", "go", "", "key"),
        ("data", "pick", "", "key"),
        ("flow", "pick", "", "key"),
        ("date", "greet", "", "group"),
        ("data", "greet", 'Say "hello"', "title"),
        ("data", "greet", " ", "title"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(
    tmp_path: Path, group: str, key: str, title: str, field: str
) -> None:
    with pytest.raises(new_nodes.DefinitionError) as refused:
        new_nodes.ours(tmp_path, group, key, title)

    assert refused.value.field == field
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("group", "key", "told"),
    [
        ("data", "GreetPerson", "key: 'GreetPerson' cannot be one: a small letter, .* Did you mean greet-person?"),
        ("data", "greet_person", "Did you mean greet-person?"),
        ("data", "9-lives", "at most 30 characters.$"),
        ("data", "pick", "key: There is a node pick already, .*apps/flows/nodes/data/pick.py."),
        ("date", "greet", "group: There is no group date. There are data, flow, .*; a package may have its own."),
        ("data", "step", "key: step cannot be one: files of nodes call something else so. Take two words."),
    ],
)
def test_whoever_mistypes_is_told_what_would_do(group: str, key: str, told: str) -> None:
    with pytest.raises(CommandError, match=told.replace("?", r"\?")):
        call_command("node", "new", group, key)


@pytest.mark.parametrize(("name", "group", "field"), [("Acme", "data", "package"), ("acme", "Our own", "group")])
def test_names_of_packages_and_of_their_groups_are_names(tmp_path: Path, name: str, group: str, field: str) -> None:
    with pytest.raises(new_nodes.DefinitionError) as refused:
        new_nodes.of_package(tmp_path / name, group, "acme-greet")

    assert refused.value.field == field
    assert list(tmp_path.iterdir()) == []


def test_all_nodes_are_listed_and_each_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("node", "list")
    listed = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[1] for line in listed) == sorted(kinds)

    call_command("node", "show", "pick")
    assert capsys.readouterr().out.startswith("### Pick at random: `pick`\n")
    with pytest.raises(CommandError, match=r"Did you mean pick\?"):
        call_command("node", "show", "pik")
