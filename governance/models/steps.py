"""The steps of a request, who holds them, and what people decided."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from projects.models import Member


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
        StepState.WAITING: {StepState.OPEN, StepState.DONE, StepState.CLOSED},
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
    PROJECT_ROLE = "project_role", "Role in the project"
    ACCOUNTABLE = "accountable", "Accountable for an area of work"


# Holders that are one person each, kept on the row. Who is accountable can change: the open steps follow.
ONE_PERSON = (HolderKind.PERSON, HolderKind.ACCOUNTABLE)


class Verdict(models.TextChoices):
    """What an approver says."""

    APPROVE = "approve", "Approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions", "Approve with conditions"
    REQUEST_CHANGES = "request_changes", "Ask for changes"
    REJECT = "reject", "Reject"


APPROVING = (Verdict.APPROVE, Verdict.APPROVE_WITH_CONDITIONS)


class HolderOrigin(models.TextChoices):
    """Why somebody may decide a step besides those whom the rule names."""

    FALLBACK = "fallback", "Fallback"
    ESCALATION = "escalation", "Escalation"


class Holding(models.Model):
    """Who may decide: a site role, an approver group, a role in the project, or one person: a named one, or whoever is
    accountable for an area of work, as ``person`` on the row.
    """

    kind = models.CharField(max_length=15, choices=HolderKind.choices)
    value = models.CharField(max_length=40)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True


def held_by(user: User, project: str) -> Q:
    """Rows of a Holding that are this person's; ``project`` is the path from the row to the project's id."""
    in_team = Member.objects.filter(project=OuterRef(project), user=user, roles__contains=[OuterRef("value")])
    return (
        Q(kind=HolderKind.SITE_ROLE, value__in=user.site_roles)
        | Q(kind=HolderKind.GROUP, value__in=user.approver_groups)
        | Q(kind__in=ONE_PERSON, person=user)
        | Q(Exists(in_team), kind=HolderKind.PROJECT_ROLE)
    )


class StepQuerySet(models.QuerySet["ApprovalStep"]):
    def held_by(self, user: User) -> "StepQuerySet":
        """Steps that the person may decide as far as roles go: by the rule, as a fallback, or by escalation."""
        added = AddedHolder.objects.filter(held_by(user, "step__request__project_id"), step=OuterRef("pk"))
        return self.filter(held_by(user, "request__project_id") | Q(Exists(added)))

    def due(self) -> "StepQuerySet":
        """Open steps whose clock has to be looked at; a clock that stands still is not due."""
        return self.filter(
            state=StepState.OPEN, next_check_at__lte=timezone.now(), request__state="open", request__paused_at=None
        )


class ApprovalStep(Holding):
    """One step of a request: who may decide it and how many of them are needed.

    Steps with the same ``order`` are open together; the next order opens when all of them are done.
    """

    request = models.ForeignKey("governance.ApprovalRequest", on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    needed = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField(default=5, help_text="From the opening of the step until it is due.")
    is_fallback = models.BooleanField(default=False)
    fields = ArrayField(
        models.CharField(max_length=120),
        default=list,
        help_text="Parts of the specification it answers for; all if empty.",
    )
    fields_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of those parts.")
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.WAITING)
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(help_text="While the step waits: when it would be due if it opened at once.")
    reminds = models.BooleanField(default=True)
    remind_at = models.DateTimeField(null=True, help_text="Half time; empty when there is none or it is over.")
    escalate_kind = models.CharField(max_length=15, choices=HolderKind.choices, blank=True)
    escalate_value = models.CharField(max_length=40, blank=True)
    escalated_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True, help_text="When the clock is looked at again; empty for never.")

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["request", "position"], name="step_position_once")]
        indexes = [models.Index(fields=["next_check_at"], condition=Q(state="open"), name="step_next_check")]

    def __str__(self) -> str:
        return f"{self.name} of {self.request.key}"

    @property
    def ref(self) -> str:
        return f"step:{self.pk}"


class AddedHolder(Holding):
    """Somebody who may decide a step besides those whom the rule names: added, never replacing them."""

    step = models.ForeignKey(ApprovalStep, on_delete=models.CASCADE, related_name="added_holders")
    origin = models.CharField(max_length=10, choices=HolderOrigin.choices)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["step", "origin"], name="added_holder_once_per_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_origin_display()} of {self.step}"


class Decision(models.Model):
    """What one person said about one step, for one digest. Never changed.

    ``kept_from`` names the decision of an earlier request that still holds because the fields of its step are the
    same; such a row repeats what was said then, with its time and digest.
    """

    request = models.ForeignKey("governance.ApprovalRequest", on_delete=models.CASCADE, related_name="decisions")
    step = models.ForeignKey(ApprovalStep, on_delete=models.CASCADE, related_name="decisions")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    verdict = models.CharField(max_length=25, choices=Verdict.choices)
    comment = models.TextField(blank=True, max_length=4000)
    conditions = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    fields_digest = models.CharField(max_length=64, blank=True)
    kept_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["decided_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["step", "actor"], name="decision_once_per_step"),
            models.UniqueConstraint(fields=["step", "on_behalf_of"], name="decision_once_per_principal"),
        ]

    def __str__(self) -> str:
        return f"{self.who} {self.get_verdict_display().lower()}"

    @property
    def who(self) -> str:
        """Who decided, for people: “A for B” when a delegate did."""
        return f"{self.actor} for {self.on_behalf_of}" if self.on_behalf_of else str(self.actor)

    @property
    def kept_from_key(self) -> str:
        """The request in which this was said, such as APR-3; empty for this one."""
        return f"APR-{self.kept_from.request_id}" if self.kept_from else ""

    @property
    def approves(self) -> bool:
        return self.verdict in APPROVING
