import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0002_segmentation"),
    ]

    operations = [
        migrations.CreateModel(
            name="LastValue",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("node", models.CharField(max_length=40)),
                ("profile_id", models.UUIDField()),
                ("digest", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("forget_at", models.DateTimeField(null=True)),
                (
                    "flow",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="flows.flow"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["profile_id"], name="last_value_profile"),
                    models.Index(
                        condition=models.Q(("forget_at__isnull", False)),
                        fields=["forget_at"],
                        name="last_value_forget",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("flow", "node", "profile_id"), name="last_value_unique")
                ],
            },
        ),
    ]
