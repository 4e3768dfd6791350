"""What is to be watched since the platform has bridges."""

from typing import Any, Final

from django.apps.registry import Apps
from django.db import migrations

KIND: Final = "stopped_bridge"
NAME: Final = "A bridge does not bring events in"
PARAMS: Final = {"most_waiting": 50_000, "minutes": 15, "most_dead": 0}


def recommend(apps: Apps, _schema_editor: Any) -> None:
    alerts = apps.get_model("alerts", "Alert").objects
    alerts.create(name=NAME, kind=KIND, params=PARAMS, severity="critical", for_minutes=0)


def withdraw(apps: Apps, _schema_editor: Any) -> None:
    apps.get_model("alerts", "Alert").objects.filter(kind=KIND).delete()


class Migration(migrations.Migration):
    dependencies = [("alerts", "0004_flows")]
    operations = [migrations.RunPython(recommend, withdraw)]
