"""Approval requests: a question to people, bound to the digest of what they approve."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.db.models.functions import Upper
from django.utils import timezone

from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from projects.models import Project


class ApprovalState(models.TextChoices):
    """Where a request stands."""

    OPEN = "open", "In review"
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes asked for"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    VOID = "void", "Void"
    EXPIRED = "expired", "Expired"


_ENDS = {state: set[str]() for state in ApprovalState if state != ApprovalState.OPEN}
APPROVAL_LIFECYCLE = Lifecycle(
    model="governance.ApprovalRequest",
    states=ApprovalState,
    moves={ApprovalState.OPEN: set(_ENDS), **_ENDS},
)


class StepState(models.TextChoices):
    """Where a step stands."""

    WAITING = "waiting", "Waiting"
    OPEN = "open", "Open"
    DONE = "done", "Done"
    CLOSED = "closed", "Closed"


STEP_LIFECYCLE = Lifecycle(
    model="governance.ApprovalStep",
    states=StepState,
    moves={
        StepState.WAITING: {StepState.OPEN, StepState.CLOSED},
        StepState.OPEN: {StepState.DONE, StepState.CLOSED},
        StepState.DONE: set(),
        StepState.CLOSED: set(),
    },
)


class HolderKind(models.TextChoices):
    """How a step names those who may decide it."""

    SITE_ROLE = "site_role", "Role"
    GROUP = "group", "Group"
    PERSON = "person", "Person"


class Verdict(models.TextChoices):
    """What an approver says."""

    APPROVE = "approve", "Approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions", "Approve with conditions"
    REQUEST_CHANGES = "request_changes", "Ask for changes"
    REJECT = "reject", "Reject"


def _held_by(user: User) -> Q:
    return (
        Q(kind=HolderKind.SITE_ROLE, value__in=user.site_roles)
        | Q(kind=HolderKind.GROUP, value__in=user.approver_groups)
        | Q(kind=HolderKind.PERSON, person=user)
    )


class ApprovalQuerySet(models.QuerySet["ApprovalRequest"]):
    """Names for the sets of requests that the portal speaks of."""

    def awaiting(self, user: User) -> Self:
        """Open requests that this person may decide now."""
        mine = ApprovalStep.objects.filter(request=OuterRef("pk"), state=StepState.OPEN).filter(_held_by(user))
        decided = Decision.objects.filter(request=OuterRef("pk"), actor=user, step__state=StepState.OPEN)
        return self.filter(Exists(mine), ~Exists(decided), ~Q(excluded__contains=[user.pk]), state=ApprovalState.OPEN)

    def visible_to(self, user: User) -> Self:
        """Requests of projects the person may see, and those that they hold a step of."""
        if user.reads_everything:
            return self
        if user.approver_groups:  # they see most requests, so the newest are found fastest by walking the list
            held = ApprovalStep.objects.filter(request=OuterRef("pk")).filter(_held_by(user))
            return self.filter(Q(project__in=Project.objects.visible_to(user)) | Q(Exists(held)) | Q(requester=user))
        asked = self.model.objects.order_by()
        of_projects = asked.filter(project__in=Project.keys_of(user)).values_list("pk", flat=True)
        own = asked.filter(requester=user).values_list("pk", flat=True)
        to_decide = (
            ApprovalStep.objects.order_by().filter(person=user, kind=HolderKind.PERSON).values_list("request_id")
        )
        return self.filter(pk__in=of_projects.union(own, to_decide))

    def by_key(self, key: str) -> Self:
        """The request with this key (APR-4), or none; any text is accepted."""
        number = key.upper().removeprefix("APR-")
        return (
            self.filter(pk=int(number)) if number.isascii() and number.isdigit() and len(number) < 18 else self.none()
        )

    def for_list(self) -> Self:
        return self.select_related("project__business_unit", "requester").prefetch_related(
            Prefetch("steps", ApprovalStep.objects.select_related("person")),
            Prefetch("decisions", Decision.objects.select_related("actor")),
        )


class ApprovalRequest(models.Model):
    """May this happen? Asked of people by role, group or name; answered for exactly one specification."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="approvals")
    subject = models.CharField(max_length=120, help_text="Reference of what is approved.")
    action = models.CharField(max_length=60, help_text="What the approval lets happen, such as advance:poc.")
    title = models.CharField(max_length=200)
    specification = models.JSONField()
    digest = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=20, choices=ApprovalState.choices, default=ApprovalState.OPEN)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    excluded = ArrayField(models.BigIntegerField(), help_text="Primary keys of people who may never decide this.")
    policy_version = models.CharField(max_length=80)
    note = models.CharField(
        max_length=300, blank=True, help_text="What people should know, such as a missing approver."
    )
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "action"], condition=Q(state="open"), name="approval_one_open_per_subject"
            )
        ]
        indexes = [
            models.Index(fields=["state", "due_at", "id"], name="approval_state_due"),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="approval_title_trigram"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    @property
    def key(self) -> str:
        return f"APR-{self.pk}"

    @property
    def ref(self) -> str:
        return f"approval:{self.key}"

    @property
    def is_open(self) -> bool:
        return self.state == ApprovalState.OPEN


class ApprovalStep(models.Model):
    """One step of a request: who may decide it and how many of them are needed."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=HolderKind.choices)
    value = models.CharField(max_length=40)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    needed = models.PositiveSmallIntegerField()
    is_fallback = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.WAITING)
    due_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["request", "position"], name="step_position_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.request.key}"

    @property
    def ref(self) -> str:
        return f"step:{self.pk}"


class Decision(models.Model):
    """What one person said about one step, for one digest. Never changed."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="decisions")
    step = models.ForeignKey(ApprovalStep, on_delete=models.CASCADE, related_name="decisions")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=25, choices=Verdict.choices)
    comment = models.TextField(blank=True, max_length=4000)
    conditions = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["decided_at", "id"]
        constraints = [models.UniqueConstraint(fields=["step", "actor"], name="decision_once_per_step")]

    def __str__(self) -> str:
        return f"{self.actor} {self.get_verdict_display().lower()}"

    @property
    def approves(self) -> bool:
        return self.verdict in (Verdict.APPROVE, Verdict.APPROVE_WITH_CONDITIONS)
