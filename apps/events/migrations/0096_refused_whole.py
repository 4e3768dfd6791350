"""Refused events keep what was sent, as it was sent; the memory of messages tells repetitions from other messages."""

from django.db import migrations, models

import apps.core.fields


class Migration(migrations.Migration):
    """Add columns that old rows have nothing for."""

    dependencies = [("events", "0095_message_id_path")]

    operations = [
        migrations.AddField("refusedevent", "dialect", models.CharField(blank=True, default="", max_length=20)),
        migrations.AddField("refusedevent", "envelope", apps.core.fields.Json(default=dict)),
        migrations.AddField("messagekey", "content", models.IntegerField(null=True)),
    ]
