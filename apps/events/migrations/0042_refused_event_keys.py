"""Refused events can be found by the person whom they were about."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0041_required_consents")]

    operations = [
        migrations.AddField(
            model_name="refusedevent",
            name="keys",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
        ),
    ]
