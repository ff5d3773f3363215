"""Who may read which request, as a view. A later change of one of its columns drops it and makes it anew."""

from django.db import migrations, models

VIEW = """
CREATE VIEW governance_requestreader AS
SELECT p.user_id, r.id AS request_id
  FROM projects_participation p JOIN governance_approvalrequest r ON r.project_id = p.project_id
UNION ALL SELECT requester_id, id FROM governance_approvalrequest
UNION ALL SELECT person_id, request_id FROM governance_approvalstep WHERE kind = 'person'
UNION ALL SELECT h.person_id, s.request_id
  FROM governance_addedholder h JOIN governance_approvalstep s ON s.id = h.step_id WHERE h.kind = 'person'
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0702_drafts_can_be_discarded"), ("projects", "0801_who_takes_part")]

    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW governance_requestreader"),
        migrations.CreateModel(
            name="RequestReader",
            fields=[
                ("request_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("user_id", models.BigIntegerField()),
            ],
            options={"db_table": "governance_requestreader", "managed": False},
        ),
    ]
