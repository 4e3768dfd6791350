from collections.abc import Callable
from typing import Any

from django.db import migrations, models

from apps.core import encryption

COLUMNS = ("address", "secret")


def encrypt(apps: Any, schema_editor: Any) -> None:
    _rewrite(apps, encryption.encrypt)


def decrypt(apps: Any, schema_editor: Any) -> None:
    _rewrite(apps, encryption.decrypt)


def _rewrite(apps: Any, change: Callable[[str], str]) -> None:
    """Change what is stored; a platform has a handful of channels."""
    rows = list(apps.get_model("alerts", "Channel").objects.only(*COLUMNS))
    for row in rows:
        for column in COLUMNS:
            text = getattr(row, column)
            setattr(row, column, change(text) if text else "")
    apps.get_model("alerts", "Channel").objects.bulk_update(rows, COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_recommended")]

    operations = [
        migrations.AlterField("channel", "secret", models.TextField(blank=True, default="", editable=False)),
        migrations.RunPython(encrypt, decrypt),
    ]
