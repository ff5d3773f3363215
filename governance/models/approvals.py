"""Approval requests: a question to people, bound to the digest of what they approve."""

from collections.abc import Sequence
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Upper
from django.utils import timezone

from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from governance.models.delegations import Delegation
from governance.models.questions import ApprovalQuestion
from governance.models.readers import RequestReader
from governance.models.steps import AddedHolder, ApprovalStep, Decision, StepState
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


def owed_by(user: User) -> Q:
    """Whose clock stands still because this person owes an answer."""
    return (Q(requester=user) | Q(project__owner=user)) & Q(paused_at__isnull=False)


class ApprovalQuerySet(models.QuerySet["ApprovalRequest"]):
    """Names for the sets of requests that the portal speaks of."""

    def awaiting(self, user: User) -> Self:
        """Open requests that this person may decide now, for themselves or for somebody who delegated to them."""
        mine = Q(Exists(_undecided(user)))
        never = Q(excluded__contains=[user.pk])
        for delegation in Delegation.objects.held_by(user):
            barred = Q(excluded__contains=[delegation.principal_id])
            mine |= Q(Exists(_undecided(delegation.principal, user))) & delegation.covered() & ~barred
            never |= barred & delegation.covered()
        spoken = Decision.objects.filter(Q(actor=user) | Q(on_behalf_of=user), request=OuterRef("pk"))
        never |= Q(Exists(spoken), distinct_people=True)
        return self.filter(mine, state=ApprovalState.OPEN).exclude(never)

    def owing(self, user: User) -> Self:
        """Open requests whose clock stands still because this person owes an answer."""
        return self.filter(owed_by(user), state=ApprovalState.OPEN)

    def needing(self, user: User) -> Self:
        """Open requests that this person may decide now, or owes an answer on."""
        return self.awaiting(user) | self.owing(user)

    def visible_to(self, user: User, held: Sequence[Delegation] | None = None) -> Self:
        """Requests of projects the person may see, and those that they or their principals hold a step of."""
        if user.reads_everything:
            return self
        held = list(Delegation.objects.held_by(user)) if held is None else held
        if not user.approver_groups and not held:
            return self.filter(pk__in=RequestReader.objects.filter(user_id=user.pk).values("request_id"))
        # They see most requests, so the newest are found fastest by walking the list.
        seen = Q(project__in=Project.objects.visible_to(user)) | Q(requester=user) | Q(Exists(_steps_of(user)))
        for delegation in held:
            seen |= Q(Exists(_steps_of(delegation.principal))) & delegation.covered()
        return self.filter(seen)

    def by_key(self, key: str) -> Self:
        """The request with this key (APR-4), or none; any text is accepted."""
        number = key.upper().removeprefix("APR-")
        return (
            self.filter(pk=int(number)) if number.isascii() and number.isdigit() and len(number) < 18 else self.none()
        )

    def with_decisions(self) -> Self:
        """With the states of the steps and who said what, as the list of a project's decisions shows them."""
        decisions = Decision.objects.select_related("actor", "on_behalf_of")
        return self.prefetch_related("steps", Prefetch("decisions", decisions))

    def whole(self, key: str) -> "ApprovalRequest | None":
        """The request with this key and all that its page shows; what it has nothing of is not asked for."""
        added, asked = AddedHolder.objects.select_related("person"), _questions()
        has_added = Exists(added.filter(step__request=OuterRef("pk")))
        has_questions = Exists(asked.filter(request=OuterRef("pk")))
        people = ("project__business_unit", "project__owner", "requester")
        same = ApprovalRequest.objects.filter(subject=OuterRef("subject"), action=OuterRef("action"))
        before = same.filter(pk__lt=OuterRef("pk")).order_by("-pk").values("specification")[:1]
        rows = self.select_related(*people).annotate(
            has_added=has_added, has_questions=has_questions, previous_specification=Subquery(before)
        )
        row: Any = rows.by_key(key).first()
        if row is not None:
            parts = _parts(added if row.has_added else added.none(), asked if row.has_questions else asked.none())
            models.prefetch_related_objects([row], *parts)
        found: ApprovalRequest | None = row
        return found

    def for_list(self) -> Self:
        people = ("project__business_unit", "project__owner", "requester")
        parts = _parts(AddedHolder.objects.select_related("person"), _questions())
        return self.select_related(*people).prefetch_related(*parts)


def _questions() -> "models.QuerySet[ApprovalQuestion]":
    return ApprovalQuestion.objects.select_related("asked_by", "on_behalf_of", "answered_by", "step")


def _parts(
    added: "models.QuerySet[AddedHolder]", questions: "models.QuerySet[ApprovalQuestion]"
) -> tuple[Prefetch[str], ...]:
    """What hangs on requests, each read once for all of them."""
    steps = ApprovalStep.objects.select_related("person").prefetch_related(Prefetch("added_holders", added))
    decisions = Decision.objects.select_related("actor", "on_behalf_of", "kept_from")
    return Prefetch("steps", steps), Prefetch("decisions", decisions), Prefetch("questions", questions)


def _steps_of(user: User) -> "models.QuerySet[ApprovalStep]":
    return ApprovalStep.objects.filter(request=OuterRef("pk")).held_by(user)


def _undecided(holder: User, *deciders: User) -> "models.QuerySet[ApprovalStep]":
    """Open steps that ``holder`` holds and on which neither they nor ``deciders`` have spoken."""
    people = [holder, *deciders]
    spoken = Decision.objects.filter(Q(actor__in=people) | Q(on_behalf_of__in=people), step=OuterRef("pk"))
    return _steps_of(holder).filter(~Exists(spoken), state=StepState.OPEN)


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
    distinct_people = models.BooleanField(default=False, help_text="Who decided one step decides no other.")
    policy_version = models.CharField(max_length=80)
    note = models.CharField(
        max_length=300, blank=True, help_text="What people should know, such as a missing approver."
    )
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, help_text="When it ends undecided; never approved by time.")
    paused_at = models.DateTimeField(null=True, help_text="Since when the requester owes an answer.")
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
