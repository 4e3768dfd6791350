from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0004_kept_values"),
    ]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="entry_key",
            field=models.UUIDField(null=True),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("entry_key__isnull", False)), fields=("entry_key",), name="run_entry_key"
            ),
        ),
    ]
