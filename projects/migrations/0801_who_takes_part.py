"""Who takes part in which project, as a view. A later change of one of its columns drops it and makes it anew."""

from django.db import migrations, models

VIEW = """
CREATE VIEW projects_participation AS
SELECT owner_id AS user_id, id AS project_id FROM projects_project
UNION ALL SELECT sponsor_id, id FROM projects_project WHERE sponsor_id IS NOT NULL
UNION ALL SELECT created_by_id, id FROM projects_project
UNION ALL SELECT deploy_authority_id, id FROM projects_project WHERE deploy_authority_id IS NOT NULL
UNION ALL SELECT user_id, project_id FROM projects_member
UNION ALL SELECT user_id, project_id FROM projects_reviewer
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0701_lessons")]

    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW projects_participation"),
        migrations.CreateModel(
            name="Participation",
            fields=[
                ("project_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("user_id", models.BigIntegerField()),
            ],
            options={"db_table": "projects_participation", "managed": False},
        ),
    ]
