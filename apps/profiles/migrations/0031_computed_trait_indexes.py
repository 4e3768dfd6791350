"""What the background task of computed traits looks for, made while people go on writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("profiles", "0030_computed_traits")]
    operations = [
        AddIndexConcurrently("profile", models.Index(fields=["computed_edition"], name="profile_by_computed_edition")),
        AddIndexConcurrently(
            "profile",
            models.Index(
                fields=["computed_until"],
                condition=models.Q(("computed_until__isnull", False)),
                name="profile_by_computed_until",
            ),
        ),
    ]
