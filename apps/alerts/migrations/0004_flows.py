"""What is to be watched since the platform has flows, and sends to other systems."""

from typing import Any, Final

from django.apps.registry import Apps
from django.db import migrations

NAMES: Final = {
    "held_connection": "A connection is held",
    "paused_flow": "A flow was paused",
    "broken_flow": "A flow does not work",
}


def recommend(apps: Apps, _schema_editor: Any) -> None:
    alerts = apps.get_model("alerts", "Alert").objects
    for kind, name in NAMES.items():
        alerts.create(name=name, kind=kind, params={}, severity="critical", for_minutes=0)


def withdraw(apps: Apps, _schema_editor: Any) -> None:
    apps.get_model("alerts", "Alert").objects.filter(kind__in=NAMES).delete()


class Migration(migrations.Migration):
    dependencies = [("alerts", "0003_encrypted_channels")]
    operations = [migrations.RunPython(recommend, withdraw)]
