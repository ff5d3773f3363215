"""A resolved finding can name what shows it; open ones are found by who puts them right."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0601_risk_and_moves")]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="evidence",
            field=models.URLField(blank=True, help_text="What shows that it was put right.", max_length=500),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["owner", "due_on"], name="finding_waits_for"
            ),
        ),
    ]
