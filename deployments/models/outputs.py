"""What a run writes, copied from AWS by workers so that pages never wait for it."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from deployments.models.runs import Run


class RunOutputQuerySet(models.QuerySet["RunOutput"]):
    def wanted(self) -> "RunOutputQuerySet":
        """Outputs that somebody is looking at now."""
        return self.filter(wanted_until__gt=timezone.now())


class RunOutput(models.Model):
    """The log and the metric curves of one run.

    ``metric_series`` is ``{metric name: [[step, value], …]}``; steps count from 1 in the order of the log, at most 500
    points a series. ``log`` keeps the last 200,000 characters. ``wanted_until`` is set when somebody opens the run's
    page: until then workers fetch news. ``trouble`` says why the last try brought nothing, empty when it did.
    """

    WANTED_FOR = timedelta(seconds=30)
    LOG_LIMIT = 200_000

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="output")
    log = models.TextField(blank=True)
    log_token = models.TextField(blank=True)
    log_complete = models.BooleanField(default=False)
    metric_series = models.JSONField(default=dict)
    trouble = models.CharField(max_length=1500, blank=True)
    fetched_at = models.DateTimeField(null=True)
    wanted_until = models.DateTimeField(null=True)

    objects = RunOutputQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["wanted_until"], name="run_output_wanted", condition=~models.Q(wanted_until=None))
        ]

    def __str__(self) -> str:
        return f"Output of {self.run_id}"


class SeenEvent(models.Model):
    """An event from AWS that was already taken in; a second copy is ignored."""

    event_id = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.event_id
