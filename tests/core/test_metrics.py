"""What processes count: sums that no process loses, in files that do not grow with the number of processes."""

import os
import re
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from apps.core import metrics
from cdp.processes import BASE_DIR

# A worker: it forks a process for each job, one after another, and each counts the job.
FORKING = """
import os
from apps.core import metrics
for _ in range(int({n_jobs})):
    pid = os.fork()
    if not pid:
        metrics.observe(metrics.JOBS, 0.02, "a job", "done")
        metrics.add(metrics.EVENTS, "now", "stored", "", number=3)
        metrics.flush()
        os._exit(0)
    os.waitpid(pid, 0)
"""


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "METRICS_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    script = f"import django\ndjango.setup()\n{code}"
    env["DJANGO_SETTINGS_MODULE"] = "cdp.settings"
    return subprocess.run(
        [sys.executable, "-c", script], env=env, cwd=BASE_DIR, capture_output=True, text=True, check=True, timeout=60
    )


def counted(folder: Path, name: str, /, **labels: str) -> float | None:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return registry.get_sample_value(name, labels)


def test_each_process_goes_on_where_the_last_one_ended_and_files_do_not_grow(tmp_path: Path) -> None:
    run(FORKING.format(n_jobs=7), tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir())
    run(FORKING.format(n_jobs=5), tmp_path)

    assert counted(tmp_path, "cdp_job_duration_seconds_count", name="a job", outcome="done") == 12
    assert counted(tmp_path, "cdp_events_total", way="now", outcome="stored", reason="") == 36
    assert sorted(path.name for path in tmp_path.iterdir()) == files == ["0.lock", "counter_0.db", "histogram_0.db"]


def test_processes_that_live_at_the_same_time_count_for_themselves(tmp_path: Path) -> None:
    """One that is killed loses what it has counted in its last second, and no more."""
    both = """
import os, signal
from apps.core import metrics
metrics.add(metrics.EVENTS, "now", "stored", "")
metrics.flush()
pid = os.fork()
for _ in range(1000):
    metrics.add(metrics.EVENTS, "now", "stored", "")
if not pid:
    metrics.flush()
    metrics.add(metrics.EVENTS, "now", "stored", "")
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(pid, 0)
"""
    run(both, tmp_path)

    assert counted(tmp_path, "cdp_events_total", way="now", outcome="stored", reason="") == 2001
    assert len(list(tmp_path.glob("*.lock"))) == 2


def test_who_cannot_count_still_works_and_says_so_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code = """
from apps.core import metrics
for _ in range(3):
    metrics.add(metrics.EVENTS, "now", "stored", "")
    metrics.observe(metrics.STAGES, 0.1, "store")
print("worked")
"""

    found = run(code, tmp_path / "file" / "metrics")

    assert found.stdout == "worked\n"
    assert found.stderr.count("Nothing that this process does is counted") == 1


def test_all_room_is_taken_before_anything_is_counted(tmp_path: Path) -> None:
    """A process that writes into a hole of a file is killed when the disk is full."""
    run(FORKING.format(n_jobs=1), tmp_path)

    for path in tmp_path.glob("*.db"):
        assert path.stat().st_size == metrics.FILE_BYTES
        assert path.stat().st_blocks * 512 >= metrics.FILE_BYTES


def test_a_command_that_counts_nothing_leaves_no_file(tmp_path: Path) -> None:
    run("from apps.core import metrics", tmp_path / "metrics")

    assert not (tmp_path / "metrics").exists()


def test_the_page_has_each_metric_with_its_kind_and_labels() -> None:
    page = (BASE_DIR / "docs" / "monitoring.md").read_text()
    documented = {
        name: (kind, tuple(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(r"^\| `(cdp_\w+)` \| (\w+) \| ([^|]*)\|", page, re.MULTILINE)
    }

    there_are = {gauge.name: ("gauge", gauge.labels) for gauge in metrics.GAUGES}
    for metric in (value for value in vars(metrics).values() if isinstance(value, metrics.Counter | metrics.Histogram)):
        [described] = metric.describe()
        ending = "_total" if described.type == "counter" else ""
        there_are[described.name + ending] = (described.type, tuple(metric._labelnames))
    assert documented == there_are
