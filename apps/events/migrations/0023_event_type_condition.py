from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0030_computed_traits")]
    operations = [migrations.AddField("EventType", "condition", models.TextField(blank=True, default=""))]
