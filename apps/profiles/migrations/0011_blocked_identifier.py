"""Values that name nobody, or too many."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The administrators' own, beside those that every installation has."""

    dependencies = [("profiles", "0010_raw_ids")]
    operations = [
        migrations.CreateModel(
            name="BlockedIdentifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("user", "customer number or user id"),
                            ("anonymous", "anonymous id"),
                            ("email", "e-mail address"),
                            ("phone", "phone number"),
                            ("device", "device"),
                            ("external", "id in another system"),
                        ],
                        default="",
                        help_text="Empty: any kind.",
                        max_length=20,
                    ),
                ),
                (
                    "pattern",
                    models.CharField(
                        help_text="The value, or a pattern with * for any characters: *@agency.example. In any case.",
                        max_length=200,
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "pattern"), name="blocked_once")],
            },
        ),
    ]
