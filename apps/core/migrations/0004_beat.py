from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0003_api_key")]

    operations = [
        migrations.CreateModel(
            name="Beat",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
