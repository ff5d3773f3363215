"""Who may read which approval request without a group, as the database knows it."""

from django.db import models


class RequestReader(models.Model):
    """One reason why a person sees a request; a view of the database, so a person may stand there twice.

    They take part in its project, they asked, or a step names them. What roles and groups may read is not in it.
    """

    request_id = models.BigIntegerField(primary_key=True)
    user_id = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "governance_requestreader"

    def __str__(self) -> str:
        return f"user {self.user_id} reads APR-{self.request_id}"
