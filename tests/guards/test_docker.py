"""The image and the services are those of the code: nothing about roles is told twice and differently."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.console.supervision import roles
from cdp import embedded
from cdp.processes import BASE_DIR
from rehearsal.services import seconds
from tests.guards.test_settings import documented

DOCKER = BASE_DIR / "docker"


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (DOCKER / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    return found


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if service["image"] == "cdp"}


def test_there_is_a_service_for_each_role_and_one_that_migrates(services: dict[str, Any]) -> None:
    commands = {name: service["command"] for name, service in ours(services).items()}

    assert commands == {role: ["run", role] for role in roles(host="", port=1)} | {"migrate": ["migrate"]}


def test_postgresql_logs_as_little_as_the_one_of_a_single_machine(services: dict[str, Any]) -> None:
    assert {f"{name}={value}" for name, value in embedded.DISCREET.items()} <= set(services["postgres"]["command"])
    assert embedded.ALLOCATION.items() <= services["postgres"]["environment"].items()


def test_roles_start_once_the_migrations_are_done(services: dict[str, Any]) -> None:
    for name, service in ours(services).items():
        needs = {needed: how["condition"] for needed, how in service["depends_on"].items()}
        if name == "migrate":
            assert needs == {"postgres": "service_healthy"}
        else:
            assert needs == {"migrate": "service_completed_successfully", "valkey": "service_healthy"}
    assert all("healthcheck" in services[name] for name in ("postgres", "valkey"))


def test_services_have_no_more_rights_than_they_need(services: dict[str, Any]) -> None:
    for name, service in ours(services).items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert published.keys() == {"web", "metrics", "prometheus", "grafana"}


def test_what_serves_is_asked_for_its_health(services: dict[str, Any], dockerfile: str) -> None:
    assert "http://127.0.0.1:8000/healthcheck'" in dockerfile
    assert "healthcheck" not in services["web"]
    assert "http://127.0.0.1:9464/metrics'" in services["metrics"]["healthcheck"]["test"][-1]
    asked = {name for name, service in ours(services).items() if not service.get("healthcheck", {}).get("disable")}
    assert asked == {"web", "metrics"}


def test_no_service_may_fill_memory_or_disk(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if service["logging"]["driver"] != "local"] == []
    # PostgreSQL has the rest of the memory: to kill it stops everything.
    assert [name for name, service in services.items() if "mem_limit" not in service] == ["postgres"]


def test_a_service_has_the_time_to_finish_that_a_unit_of_systemd_has(services: dict[str, Any]) -> None:
    for name in ("web", "ingest", "worker"):
        [unit] = (BASE_DIR / "deploy" / "systemd").glob(f"cdp-{name}*.service")
        assert f"TimeoutStopSec={seconds(services[name]['stop_grace_period']):.0f}\n" in unit.read_text()


def test_the_image_runs_manage_py_as_an_ordinary_user(dockerfile: str) -> None:
    last_stage = dockerfile.rpartition("\nFROM ")[2]

    assert re.search(r"^USER \d{4,}$", last_stage, re.MULTILINE)
    assert last_stage.index("USER") < last_stage.index("ENTRYPOINT")
    assert 'ENTRYPOINT ["python", "manage.py"]\nCMD ["run", "web"]' in last_stage


def test_all_that_the_image_is_made_of_is_there() -> None:
    kept = re.findall(r"^!(\S+)$", (DOCKER / "Dockerfile.dockerignore").read_text(), re.MULTILINE)

    assert kept
    assert all((BASE_DIR / path).exists() for path in kept)


def test_the_example_names_settings_that_exist_and_holds_no_secret(services: dict[str, Any]) -> None:
    values = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", (DOCKER / "env.example").read_text(), re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", (DOCKER / "compose.yaml").read_text()))

    assert values.keys() - used <= documented().keys()
    assert used <= values.keys()
    assert {name for name, value in values.items() if not value} == used | {
        "SECRET_KEY",
        "IDENTITY_KEY",
        "ENCRYPTION_KEYS",
    }


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed: .ci/run does")
def test_compose_itself_understands_the_file(tmp_path: Path) -> None:
    """It needs no engine. Debian's, of version 1.29, knows all of it but the name."""
    shutil.copytree(DOCKER, tmp_path / "docker")
    compose = (DOCKER / "compose.yaml").read_text()
    assert "\nname: cdp\n" in compose
    (tmp_path / "docker" / "compose.yaml").write_text(compose.replace("\nname: cdp\n", "\n"))
    text = (DOCKER / "env.example").read_text()
    (tmp_path / "docker" / ".env").write_text(re.sub(r"^([A-Z_]+)=$", r"\1=filled", text, flags=re.MULTILINE))
    command = ["docker-compose", "--file", "docker/compose.yaml", "--env-file", "docker/.env"]
    done = subprocess.run(
        [*command, "--profile", "monitoring", "config"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)["services"]
    assert found["worker"]["command"] == ["run", "worker"]
    assert found["web"]["environment"]["DATABASE_URL"] == "postgresql://cdp:filled@postgres/cdp"
