"""What surrounded an event in quarantine is of its payload; the dialect of SDKs is not called after a vendor."""

from typing import Any

from django.db import migrations, models


def rename_dialect(apps: Any, old: str, new: str) -> None:
    for name in ("InboxItem", "RefusedEvent"):
        apps.get_model("events", name).objects.filter(dialect=old).update(dialect=new)


class Migration(migrations.Migration):
    dependencies = [("events", "0098_platform_dialect")]

    operations = [
        migrations.RenameField("quarantinedevent", "track", "payload"),
        migrations.AlterField(
            "inboxitem",
            "dialect",
            models.CharField(
                choices=[
                    ("track", "Track"),
                    ("sdk", "SDK"),
                    ("webhook", "Webhook"),
                    ("replay", "Replay"),
                    ("platform", "Platform"),
                ],
                max_length=20,
            ),
        ),
        migrations.RunPython(
            lambda apps, editor: rename_dialect(apps, "segment", "sdk"),
            lambda apps, editor: rename_dialect(apps, "sdk", "segment"),
        ),
    ]
