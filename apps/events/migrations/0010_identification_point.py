"""Which events prove who somebody is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The points themselves are data: see events.identification."""

    dependencies = [
        ("events", "0002_event_partitions"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentificationPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_type", models.CharField(help_text="The type of the events, such as sign-in.", max_length=128)),
                (
                    "path",
                    models.CharField(help_text="Where the identifier is in the properties: email.main", max_length=200),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("user", "customer number or user id"),
                            ("anonymous", "anonymous id"),
                            ("email", "e-mail address"),
                            ("phone", "phone number"),
                            ("device", "device"),
                            ("external", "id in another system"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "system",
                    models.CharField(
                        blank=True, default="", help_text="Ids in another system: its name, such as crm.", max_length=60
                    ),
                ),
                (
                    "merges_customers",
                    models.BooleanField(
                        default=False,
                        help_text="Merge even two customers with different numbers. Only for what is never shared.",
                        verbose_name="merges customers",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("is_builtin", models.BooleanField(default=False, editable=False)),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        help_text="Only events of this source. Empty: of any.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="events.source",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event_type", "source", "path", "kind", "system"),
                        name="identification_point_once",
                        nulls_distinct=False,
                        violation_error_message="There is an identification point for this already.",
                    )
                ],
            },
        ),
    ]
