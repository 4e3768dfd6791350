from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0060_message_key_by_time")]

    operations = [
        migrations.AddField("inboxitem", "retry_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "inboxitem",
            models.Index(condition=models.Q(("retry_at__isnull", False)), fields=["retry_at"], name="inbox_retry"),
        ),
    ]
