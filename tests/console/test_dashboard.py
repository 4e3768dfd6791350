"""The dashboard and what feeds it: each query asks for metrics and labels that there are."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from apps.core import metrics
from cdp.processes import BASE_DIR

MONITORING = BASE_DIR / "docker" / "monitoring"
PATH = MONITORING / "grafana" / "dashboards" / "cdp.json"
DASHBOARD: dict[str, Any] = json.loads(PATH.read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]
ADDED = {"job", "instance", "le"}  # what Prometheus adds to each series

needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: .ci/run does")


def labels() -> Iterator[tuple[str, set[str]]]:
    """Yield each name under which something is exported, with its labels."""
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            own = set(metric._labelnames)
            if metric._type == "histogram":
                yield from ((f"{metric._name}_{part}", own) for part in ("bucket", "count", "sum"))
            else:
                yield f"{metric._name}_total", own
    yield from ((gauge.name, set(gauge.labels)) for gauge in metrics.GAUGES)


LABELS = dict(labels())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_query_asks_for_what_there_is(expression: str) -> None:
    names = set(re.findall(r"\bcdp_\w+", expression))
    asked = set(re.findall(r"[{,] *(\w+)[!=]", expression))
    grouped = {name.strip() for by in re.findall(r"\bby \(([^)]+)\)", expression) for name in by.split(",")}

    assert names
    assert names - LABELS.keys() == set()
    there = set().union(*(LABELS[name] for name in names))
    assert (asked | grouped) - ADDED - there == set()


def test_no_label_has_the_name_of_one_that_prometheus_adds() -> None:
    """It would rename ours, to `exported_job`."""
    taken = {name: own & ADDED for name, own in LABELS.items()}

    assert {name: labels for name, labels in taken.items() if labels} == {}


def test_all_that_is_exported_is_shown() -> None:
    shown = {name for expression in EXPRESSIONS for name in re.findall(r"\bcdp_\w+", expression)}
    shown |= set(re.findall(r"\bcdp_\w+", DASHBOARD["templating"]["list"][1]["definition"]))

    parts = re.compile(r"_(?:bucket|count|sum)$")
    assert {parts.sub("", name) for name in LABELS} - {parts.sub("", name) for name in shown} == set()


def test_only_the_job_that_was_chosen_is_looked_at() -> None:
    for expression in EXPRESSIONS:
        assert len(re.findall(r"\bcdp_\w+", expression)) == expression.count('{job="$job"'), expression


def test_panels_say_what_they_show_and_overlap_nowhere() -> None:
    assert [panel["title"] for panel in PANELS if panel["type"] != "row" and not panel["description"]] == []
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        x, y, w, h = (panel["gridPos"][side] for side in "xywh")
        cells = {(column, line) for column in range(x, x + w) for line in range(y, y + h)}
        assert not cells & taken
        assert x + w <= 24
        taken |= cells
    ids = [panel["id"] for panel in PANELS]
    assert len(ids) == len(set(ids))


def test_grafana_finds_the_dashboard_and_prometheus_where_compose_puts_them() -> None:
    services = yaml.safe_load((BASE_DIR / "docker" / "compose.yaml").read_text())["services"]
    provisioning = MONITORING / "grafana" / "provisioning"
    [provider] = yaml.safe_load((provisioning / "dashboards" / "cdp.yaml").read_text())["providers"]
    [source] = yaml.safe_load((provisioning / "datasources" / "cdp.yaml").read_text())["datasources"]
    scraped = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]

    mounts = dict(text.split(":")[:2] for text in services["grafana"]["volumes"])
    assert mounts["./monitoring/grafana/dashboards"] == provider["options"]["path"]
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/{PATH.name}"
    assert source["url"] == "http://prometheus:9090"
    bind = services["metrics"]["environment"]["METRICS_BIND"]
    assert [job["static_configs"][0]["targets"] for job in scraped] == [[f"metrics:{bind.partition(':')[2]}"]]


@needs_promtool
def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "1m").replace("$job", "cdp")}
        for number, expression in enumerate(EXPRESSIONS)
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))

    done = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert f"{len(EXPRESSIONS)} rules found" in done.stdout


@needs_promtool
def test_prometheus_understands_what_it_is_to_scrape() -> None:
    command = ["promtool", "check", "config", str(MONITORING / "prometheus.yml")]

    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
