"""Sources name the consents that they require; before, any one consent was enough."""

import django.contrib.postgres.fields
from django.db import migrations, models

SEEN = "SELECT DISTINCT key FROM profiles_profile, jsonb_object_keys(consents) AS key ORDER BY key"
TEXT = "What this consent is about was not written down. Please describe it here."


def name_consents(apps, schema_editor):
    """Make types of the consents that people have given, and let sources that required one require all of them.

    That is stricter than before, never laxer: whoever reads this may strike those that a source does not need.
    """
    ConsentType, ConsentText = (apps.get_model("profiles", name) for name in ("ConsentType", "ConsentText"))
    Source = apps.get_model("events", "Source")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SEEN)
        seen = [key[:60] for (key,) in cursor.fetchall()]
    requiring = Source.objects.filter(requires_consent=True)
    if not seen and requiring.exists():
        seen = ["data-collection"]  # nobody has given it: what was closed stays closed
    for consent_id in seen:
        made = ConsentType.objects.create(id=consent_id, name=consent_id, text=TEXT, text_version=1)
        ConsentText.objects.create(consent_type=made, version=1, text=TEXT)
    requiring.update(required_consents=seen)


class Migration(migrations.Migration):
    dependencies = [("events", "0040_compliance_rule"), ("profiles", "0020_consents")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="required_consents",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                default=list,
                help_text="Events are kept only of people who have given all of these. "
                "None: events are kept of everybody.",
                size=None,
            ),
        ),
        migrations.RunPython(name_consents, migrations.RunPython.noop),
        migrations.RemoveField(model_name="source", name="requires_consent"),
    ]
