import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0005_entry_key"),
    ]

    operations = [
        migrations.AlterField(
            model_name="endingcount",
            name="flow",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="flows.flow",
            ),
        ),
    ]
