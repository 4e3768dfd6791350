"""What it means that a source trusts ids: it is believed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Another help text."""

    dependencies = [("events", "0090_count_anew")]
    operations = [
        migrations.AlterField(
            "source",
            "trusts_ids",
            models.BooleanField(
                default=False,
                help_text="For your own servers alone: profile ids of the sender are adopted, and what it says of who "
                "somebody is, and of what they decided, is believed.",
            ),
        )
    ]
