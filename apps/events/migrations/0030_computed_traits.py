"""What computed traits are, and how often that has changed."""

import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0022_quarantined_event"),
    ]

    operations = [
        migrations.CreateModel(
            name="ComputedTrait",
            fields=[
                (
                    "key",
                    models.CharField(
                        max_length=60,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9_]*\\Z",
                                "Use small letters, digits and underscores, and begin with a letter.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("description", models.TextField(blank=True, default="")),
                (
                    "function",
                    models.CharField(
                        choices=[
                            ("count", "Number of events"),
                            ("sum", "Sum"),
                            ("average", "Average"),
                            ("min", "Smallest number"),
                            ("max", "Largest number"),
                            ("first", "First value"),
                            ("last", "Last value"),
                            ("most_frequent", "Most frequent value"),
                            ("distinct", "Different values"),
                            ("distinct_count", "Number of different values"),
                            ("first_time", "Time of the first"),
                            ("last_time", "Time of the last"),
                            ("rfm", "RFM: recency, frequency, monetary"),
                        ],
                        default="count",
                        max_length=20,
                    ),
                ),
                (
                    "event_types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=128), blank=True, default=list, size=None
                    ),
                ),
                ("condition", models.TextField(blank=True, default="")),
                ("path", models.CharField(blank=True, default="", max_length=200)),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True)),
                ("edition", models.PositiveBigIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="ComputedEdition",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.PositiveBigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="computed_edition_is_one_row")
                ],
            },
        ),
    ]
