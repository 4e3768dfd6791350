import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("events", "0055_inbox_waiting")]

    operations = [
        migrations.AddIndex(
            model_name="messagekey",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["received_at"], name="message_key_by_time"),
        ),
    ]
