from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0085_believed_sources")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="message_id_path",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Dotted path in the properties: a message that comes again counts once. Empty: the usual "
                "headers, such as Webhook-Id and Idempotency-Key.",
                max_length=200,
            ),
        ),
    ]
