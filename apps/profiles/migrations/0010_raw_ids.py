"""Identifiers and aliases keep the id of the profile that they first belonged to; a merge then need not touch them."""

import django.db.models.deletion
from django.db import migrations, models

KINDS = [
    ("user", "customer number or user id"),
    ("anonymous", "anonymous id"),
    ("email", "e-mail address"),
    ("phone", "phone number"),
    ("device", "device"),
    ("external", "id in another system"),
]
COUNT = """
UPDATE profiles_profile SET identifier_count = counted.n
FROM (SELECT profile_id, count(*) AS n FROM profiles_identifier GROUP BY profile_id) AS counted
WHERE profiles_profile.id = counted.profile_id
"""


class Migration(migrations.Migration):
    """What is there came with the profile that it has."""

    dependencies = [("profiles", "0002_storage_parameters")]
    operations = [
        migrations.AddField("alias", "origin_id", models.UUIDField(editable=False, null=True)),
        migrations.RunSQL("UPDATE profiles_alias SET origin_id = profile_id", migrations.RunSQL.noop),
        migrations.AlterField("alias", "origin_id", models.UUIDField(editable=False)),
        migrations.AlterField(
            "identifier",
            "profile",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="identifiers",
                to="profiles.profile",
            ),
        ),
        migrations.AlterField("identifier", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AddField("identifier", "merge_count", models.PositiveIntegerField(default=0)),
        migrations.AddField("identifier", "is_shared", models.BooleanField(default=False)),
        migrations.AddField("profile", "identifier_count", models.PositiveIntegerField(default=0)),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        migrations.AlterModelOptions(
            "profile", {"permissions": [("merge_profile", "Can merge profiles, and undo merges")]}
        ),
    ]
