from django.db import migrations, models

# What states hold has another name, too: they are counted anew. So it is with the images of those that merged.
COUNT_ANEW = "UPDATE profiles_profile SET computed_states = '{}', computed_version = 0 WHERE computed_states <> '{}'"
IMAGES = """
UPDATE profiles_merge SET
    kept_before = kept_before - '{tallies,computed_edition}'::text[]
        || '{"computed_states": {}, "computed_version": 0}',
    merged_before = merged_before - '{tallies,computed_edition}'::text[]
        || '{"computed_states": {}, "computed_version": 0}'
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0087_room")]
    operations = [
        migrations.RemoveIndex("profile", "profile_by_computed_edition"),
        migrations.RenameField("profile", "tallies", "computed_states"),
        migrations.RenameField("profile", "computed_edition", "computed_version"),
        migrations.RunSQL([COUNT_ANEW, IMAGES], migrations.RunSQL.noop),
        migrations.AddIndex("profile", models.Index(fields=["computed_version"], name="profile_by_computed_version")),
    ]
