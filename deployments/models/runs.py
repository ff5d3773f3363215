"""Runs: work that the portal does on AWS for a project."""

from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Case, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Upper
from django.utils import timezone

from coe_portal.core.fields import MoneyField, UlidField
from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from deployments.models.environments import Environment
from deployments.models.templates import TemplateVersion
from projects.models import Project


class RunKind(models.TextChoices):
    TRAINING = "training", "Training"
    PROCESSING = "processing", "Processing"
    TUNING = "tuning", "Tuning"
    TRANSFORM = "transform", "Batch transform"
    LABELING = "labeling", "Labelling"


class RunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    SUBMITTING = "submitting", "Submitting"
    WAITING_CAPACITY = "waiting_capacity", "Waiting for capacity"
    STARTING = "starting", "Starting"
    RUNNING = "running", "Running"
    STOPPING = "stopping", "Stopping"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"
    LOST = "lost", "Lost"
    UNKNOWN = "unknown", "Unknown"


_S = RunState
_ENDS = {_S.SUCCEEDED, _S.FAILED, _S.STOPPED, _S.LOST}
_SEEN = {_S.STARTING, _S.RUNNING, _S.STOPPING, _S.UNKNOWN, *_ENDS}

RUN_LIFECYCLE = Lifecycle(
    model="deployments.Run",
    states=RunState,
    moves={
        _S.QUEUED: {_S.SUBMITTING, _S.STOPPED, _S.FAILED},
        _S.SUBMITTING: {_S.QUEUED, _S.WAITING_CAPACITY, *_SEEN},
        _S.WAITING_CAPACITY: {_S.SUBMITTING, _S.STOPPED, _S.FAILED},
        _S.STARTING: _SEEN - {_S.STARTING},
        # A spot interruption sends a running job back to the start.
        _S.RUNNING: _SEEN - {_S.RUNNING},
        _S.STOPPING: _ENDS | {_S.UNKNOWN},
        _S.UNKNOWN: _SEEN - {_S.UNKNOWN},
        # A job that could not be found may turn up again; the facts win.
        _S.LOST: _SEEN - {_S.LOST},
        _S.SUCCEEDED: set(),
        _S.FAILED: set(),
        _S.STOPPED: set(),
    },
)

FINAL_STATES = frozenset(_ENDS)


class RunQuerySet(models.QuerySet["Run"]):
    """Names for the sets of runs that people speak of."""

    def visible_to(self, user: User) -> Self:
        """Runs of the projects that the person may see."""
        if user.reads_everything:
            return self
        projects = (
            Project.objects.visible_to(user).order_by().values("pk") if user.approver_groups else Project.keys_of(user)
        )
        return self.filter(project__in=projects)

    def open(self) -> Self:
        return self.exclude(state__in=FINAL_STATES)

    def due(self) -> Self:
        """Open runs whose time to be looked at has come, the longest waiting first."""
        return self.filter(next_check_at__lte=timezone.now()).order_by("next_check_at")

    def similar_to(self, template_version: TemplateVersion, instance_type: str) -> Self:
        """Finished runs of any version of the same template on the same machine, newest first."""
        return self.filter(
            template_version__template_id=template_version.template_id,
            instance_type=instance_type,
            state=RunState.SUCCEEDED,
            billable_seconds__isnull=False,
        ).order_by("-id")

    def for_list(self) -> Self:
        """With everything that a row of a list shows, in one query."""
        return self.select_related(
            "project", "environment", "template_version__template", "requested_by", "retry_of", "cloned_from"
        ).defer("template_version__package", "template_version__parameters", "template_version__metric_definitions")

    def committed(self) -> Decimal:
        """Money that these runs have cost or may still cost.

        A run counts with its cost once that is known, with nothing if it ended before AWS accepted it, and with its
        worst case until then.
        """
        never_started = Q(state__in=FINAL_STATES, arn="")
        known = Coalesce(F("cost"), F("worst_case"))
        amount = Case(When(never_started, then=Value(Decimal(0))), default=known, output_field=MoneyField())
        total: Decimal | None = self.aggregate(total=Sum(amount))["total"]
        return total or Decimal(0)


class Run(models.Model):
    """One piece of work on AWS that a person asked for, and all that is known about it.

    The wish (template, parameters, machine, limits) never changes after launch; what a person wants next is
    ``stop_requested_at``; everything else is written by workers from what AWS says. ``timeline`` is a list of
    ``{"status", "started_at", "ended_at", "message"}``, ``metrics`` is ``{name: value}`` and ``failure`` is
    ``{"cause", "message", "next_step", "excerpt"}``.
    """

    id = UlidField()
    number = models.PositiveIntegerField()
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="runs", db_index=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="runs", db_index=False)
    kind = models.CharField(max_length=12, choices=RunKind.choices, default=RunKind.TRAINING)
    template_version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="runs", db_index=False)
    parameters = models.JSONField(default=dict)
    instance_type = models.CharField(max_length=40)
    instance_count = models.PositiveIntegerField(default=1)
    max_runtime_seconds = models.PositiveIntegerField()
    spot = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)
    spec_digest = models.CharField(max_length=64)
    request_key = models.CharField(max_length=64, blank=True, help_text="Makes a form that is sent twice launch once.")

    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.QUEUED)
    aws_name = models.CharField(max_length=63, unique=True)
    aws_status = models.CharField(max_length=40, blank=True)
    secondary_status = models.CharField(max_length=40, blank=True)
    arn = models.CharField(max_length=256, blank=True)
    attempt = models.PositiveIntegerField(default=1)
    retry_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="retries")
    cloned_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="clones")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="runs", db_index=False
    )

    timeline = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)
    failure = models.JSONField(null=True)
    artifact_uri = models.CharField(max_length=1024, blank=True)
    billable_seconds = models.PositiveIntegerField(null=True)
    training_seconds = models.PositiveIntegerField(null=True)
    cost = MoneyField(null=True)
    currency = models.CharField(max_length=3, default="USD")
    price_per_hour = MoneyField()
    price_dated_on = models.DateField()
    worst_case = MoneyField()

    stop_requested_at = models.DateTimeField(null=True)
    stop_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    next_check_at = models.DateTimeField(null=True, default=timezone.now)
    attempts = models.PositiveIntegerField(default=0, help_text="Calls that failed in a row; sets the back-off.")
    last_event_at = models.DateTimeField(null=True)
    aws_modified_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    enriched_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="run_number_once"),
            models.UniqueConstraint(fields=["retry_of"], name="run_retry_once"),
            models.UniqueConstraint(
                fields=["requested_by", "request_key"], condition=~Q(request_key=""), name="run_request_once"
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(condition=Q(instance_count__gte=1), name="run_needs_a_machine"),
            models.CheckConstraint(condition=Q(max_runtime_seconds__gte=1), name="run_needs_time"),
            models.CheckConstraint(condition=Q(worst_case__gte=0), name="run_worst_case_not_negative"),
        ]
        indexes = [
            models.Index(fields=["next_check_at"], name="run_due", condition=~Q(next_check_at=None)),
            models.Index(fields=["state", "-id"], name="run_state"),
            models.Index(fields=["project", "-id"], name="run_project"),
            models.Index(fields=["environment", "-id"], name="run_environment"),
            models.Index(fields=["created_at", "id"], name="run_created"),
            models.Index(fields=["project"], include=["cost"], name="run_cost", condition=Q(cost__isnull=False)),
            GinIndex(OpClass(Upper("note"), name="gin_trgm_ops"), name="run_note_trigram"),
            models.Index(fields=["requested_by", "-id"], name="run_requester"),
            models.Index(fields=["template_version", "instance_type", "-id"], name="run_similar"),
        ]

    def __str__(self) -> str:
        return f"Run {self.number} of {self.project.key}"

    @property
    def ref(self) -> str:
        return f"run:{self.pk}"

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_STATES

    @property
    def is_settled(self) -> bool:
        """Final and enriched: nothing about it will change any more."""
        return self.is_final and (self.enriched_at is not None or not self.arn)

    @property
    def display_name(self) -> str:
        return f"{self.template_version.template.name} #{self.number}"

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The parameters that the script gets; input locations are channels instead."""
        locations = self.template_version.channel_parameters
        return {name: value for name, value in self.parameters.items() if name not in locations and value is not None}

    @property
    def input_channels(self) -> dict[str, str]:
        """Channel name → S3 location, for the locations that were given."""
        locations = self.template_version.channel_parameters
        return {channel: self.parameters[name] for name, channel in locations.items() if self.parameters.get(name)}

    @staticmethod
    def name_on_aws(run_id: str, attempt: int) -> str:
        """The job's name: ``coe-train-<id>-<attempt>``. The same for every repetition of the same create call."""
        return f"coe-train-{run_id}-{attempt:02d}"


class RunCounter(models.Model):
    """The last run number of a project. Locking the row puts launches of one project in a queue."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.project_id}: {self.last}"
