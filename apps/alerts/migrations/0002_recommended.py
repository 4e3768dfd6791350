"""What an operator would watch who has not thought of it yet: until there is a channel, the home page shows it."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations

SILENT = {"source": None, "minutes": 60, "is_learned": True}
REFUSED = {"source": None, "percent": 20, "least": 50, "minutes": 30}
# Name, kind, parameters, severity, and the minutes for which it must hold.
RECOMMENDED: list[tuple[str, str, dict[str, Any], str, int]] = [
    ("A source falls silent", "silent_source", SILENT, "warning", 0),
    ("Much is refused", "refusal_rate", REFUSED, "warning", 0),
    ("The inbox grows old", "old_inbox", {"minutes": 10}, "critical", 0),
    ("There are dead letters", "dead_letters", {"most": 0}, "warning", 0),
    ("Ingest stands still", "silent_process", {"process": "ingest", "minutes": 5}, "critical", 0),
    ("Nothing runs by the clock", "silent_process", {"process": "cron", "minutes": 10}, "warning", 5),
    ("Valkey does not answer", "valkey_away", {}, "critical", 2),
    ("A queue is not worked on", "unattended_queue", {"minutes": 15}, "warning", 5),
    ("Jobs fail", "failed_jobs", {"most": 0}, "warning", 0),
    ("A task fails", "failed_tasks", {"hours": 24}, "warning", 0),
]


def recommend(apps: Apps, _schema_editor: Any) -> None:
    alerts = apps.get_model("alerts", "Alert").objects
    for name, kind, params, severity, for_minutes in RECOMMENDED:
        alerts.create(name=name, kind=kind, params=params, severity=severity, for_minutes=for_minutes)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]
    operations = [migrations.RunPython(recommend, migrations.RunPython.noop)]
