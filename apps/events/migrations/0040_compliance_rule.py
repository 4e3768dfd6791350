"""Fields of events that are kept only with consent."""

import django.contrib.postgres.fields
from django.db import migrations, models

import apps.events.models.compliance


class Migration(migrations.Migration):
    dependencies = [("events", "0023_event_type_condition")]

    operations = [
        migrations.CreateModel(
            name="ComplianceRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True)),
                (
                    "event_type",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The events that it is about. Empty: events of all types.",
                        max_length=128,
                    ),
                ),
                (
                    "field",
                    models.CharField(
                        help_text="Where the field is: event@properties.email or event@context.page.url",
                        max_length=255,
                        validators=[apps.events.models.compliance.validate_field],
                    ),
                ),
                (
                    "consents",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        help_text="The field is kept if all of them hold.",
                        size=None,
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[("drop", "Remove the field"), ("hash", "Replace it by a keyed hash")],
                        default="drop",
                        max_length=10,
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
    ]
