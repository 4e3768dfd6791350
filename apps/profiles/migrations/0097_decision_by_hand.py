from django.db import migrations, models


class Migration(migrations.Migration):
    """Let the ledger of consents say who recorded a decision for somebody, and what proves it."""

    dependencies = [("profiles", "0096_search_indexes")]

    operations = [
        migrations.AddField("consentdecision", "actor", models.CharField(blank=True, default="", max_length=64)),
        migrations.AddField(
            "consentdecision",
            "actor_name",
            models.CharField(blank=True, default="", max_length=150, verbose_name="recorded by"),
        ),
        migrations.AddField("consentdecision", "reference", models.CharField(blank=True, default="", max_length=200)),
    ]
