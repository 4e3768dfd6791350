"""What was merged, and what was not."""

from django.db import migrations, models

import apps.core.ids


class Migration(migrations.Migration):
    """Each merge with all that is needed to undo it."""

    dependencies = [("profiles", "0011_blocked_identifier")]
    operations = [
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField()),
                ("kept_id", models.UUIDField()),
                ("merged_id", models.UUIDField()),
                ("kept_via", models.UUIDField()),
                ("merged_via", models.UUIDField()),
                ("kept_before", models.JSONField()),
                ("merged_before", models.JSONField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("user", "A user id"),
                            ("session", "One session"),
                            ("device", "One device"),
                            ("reference", "The profile id that the client keeps"),
                            ("proof", "An identification point"),
                            ("manual", "A person"),
                            ("again", "Merged again, after an older merge was undone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("identifier_id", models.UUIDField(null=True)),
                (
                    "identifier_kind",
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
                        max_length=20,
                    ),
                ),
                ("event_id", models.UUIDField(null=True)),
                ("actor", models.CharField(blank=True, default="", max_length=60)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.CharField(blank=True, default="", max_length=60)),
                ("moved_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kept_id"], name="merge_by_kept"),
                    models.Index(fields=["merged_id"], name="merge_by_merged"),
                    models.Index(condition=models.Q(("moved_at", None)), fields=["at"], name="merge_unmoved"),
                    models.Index(
                        condition=models.Q(("undone_by", ""), _negated=True),
                        fields=["undone_at"],
                        name="merge_separated",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentityConflict",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "refusal",
                    models.CharField(
                        choices=[
                            ("two_customers", "Both have a customer number of their own"),
                            ("too_many_ids", "Together they would have too many identifiers"),
                            ("shared", "The identifier has caused too many merges"),
                            ("separated", "A person has separated them"),
                        ],
                        max_length=20,
                    ),
                ),
                ("profile_id", models.UUIDField()),
                ("other_id", models.UUIDField()),
                (
                    "evidence",
                    models.CharField(
                        choices=[
                            ("user", "A user id"),
                            ("session", "One session"),
                            ("device", "One device"),
                            ("reference", "The profile id that the client keeps"),
                            ("proof", "An identification point"),
                            ("manual", "A person"),
                            ("again", "Merged again, after an older merge was undone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("identifier_id", models.UUIDField(null=True)),
                (
                    "identifier_kind",
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
                        max_length=20,
                    ),
                ),
                ("event_id", models.UUIDField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["at", "id"], name="conflict_by_time")],
            },
        ),
    ]
