from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0050_membership_dialect")]

    operations = [
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(condition=models.Q(("parked_at", None)), fields=["id"], name="inbox_waiting"),
        )
    ]
