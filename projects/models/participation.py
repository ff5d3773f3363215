"""Who takes part in which project, as the database knows it."""

from django.db import models


class Participation(models.Model):
    """One way in which a person takes part in a project; a view of the database, so a person may stand there twice.

    Owner, sponsor, creator, who may deploy, members, reviewers. A view and no condition put together for each page:
    that cost more than the lists which it narrows.
    """

    project_id = models.BigIntegerField(primary_key=True)
    user_id = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "projects_participation"

    def __str__(self) -> str:
        return f"user {self.user_id} in PRJ-{self.project_id}"
