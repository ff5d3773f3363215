"""How an idea becomes a project: its concept, the reviewers' questions at its fields, and work that is like it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from projects.models.project import Project


class ConceptState(models.TextChoices):
    """Where a concept stands. A declined or deferred idea is told by its project's stage."""

    SUBMITTED = "submitted", "Waits for the CoE lead"
    TAKEN_BACK = "taken_back", "Being written"
    RETURNED = "returned", "Sent back with questions"
    INVITED = "invited", "Invited to the full case"
    CLOSED = "closed", "Closed"


CONCEPT_LIFECYCLE = Lifecycle(
    model="projects.Concept",
    states=ConceptState,
    moves={
        ConceptState.SUBMITTED: {
            ConceptState.TAKEN_BACK,
            ConceptState.RETURNED,
            ConceptState.INVITED,
            ConceptState.CLOSED,
        },
        ConceptState.TAKEN_BACK: {ConceptState.SUBMITTED},
        ConceptState.RETURNED: {ConceptState.SUBMITTED},
        ConceptState.INVITED: set(),
        ConceptState.CLOSED: {ConceptState.SUBMITTED},
    },
)


class Concept(models.Model):
    """The short first proposal of an intake: what it said when it was sent, and what was decided."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="concept")
    state = models.CharField(max_length=12, choices=ConceptState.choices, default=ConceptState.SUBMITTED)
    content = models.JSONField(help_text="Name, summary and answers as they were sent.")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True, max_length=4000)

    def __str__(self) -> str:
        return f"concept of {self.project.key}"

    @property
    def ref(self) -> str:
        return f"concept:{self.project.key}"


class Reviewer(models.Model):
    """A colleague whom a CoE lead asked to score an intake; that lets them read it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reviewers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviewing")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["invited_at", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="reviewer_once_per_project")]

    def __str__(self) -> str:
        return f"{self.user} reviews {self.project.key}"

    @property
    def ref(self) -> str:
        return f"reviewer:{self.project.key}/{self.user.username}"


class FieldQuestionQuerySet(models.QuerySet["FieldQuestion"]):
    def open(self) -> Self:
        return self.filter(answered_at=None)

    def for_list(self) -> Self:
        return self.select_related("project", "asked_by", "answered_by")


class FieldQuestion(models.Model):
    """What a reviewer wants to know about one field of an intake; shown beside that field until it is answered."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="field_questions")
    code = models.CharField(max_length=40, help_text="Code of the criterion.")
    field = models.CharField(max_length=60, blank=True, help_text="Field of its answer; empty for all of it.")
    text = models.TextField(max_length=2000)
    said = models.JSONField(null=True, help_text="What the field said when it was asked.")
    revision = models.PositiveIntegerField(help_text="The revision that was read; 0 for a concept.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True, max_length=2000)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    objects = FieldQuestionQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "id"]

    def __str__(self) -> str:
        return f"question about “{self.place}” of {self.project.key}"

    @property
    def ref(self) -> str:
        return f"field_question:{self.pk}"

    @property
    def place(self) -> str:
        return f"{self.code}.{self.field}" if self.field else self.code


class Distinction(models.Model):
    """Why a project goes its own way although another is like it; reviewers read it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="distinctions")
    other = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    reason = models.TextField(max_length=2000)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["given_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "other"], name="distinction_once_per_pair"),
            models.CheckConstraint(condition=~Q(project=models.F("other")), name="distinction_of_two_projects"),
        ]

    def __str__(self) -> str:
        return f"{self.project.key} is not {self.other.key}"

    @property
    def ref(self) -> str:
        return f"distinction:{self.project.key}/{self.other.key}"


class JoinState(models.TextChoices):
    """What became of the wish to join."""

    ASKED = "asked", "Waits for the owner"
    JOINED = "joined", "Joined"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


JOIN_LIFECYCLE = Lifecycle(
    model="projects.JoinRequest",
    states=JoinState,
    moves={
        JoinState.ASKED: {JoinState.JOINED, JoinState.REFUSED, JoinState.WITHDRAWN},
        JoinState.JOINED: set(),
        JoinState.REFUSED: set(),
        JoinState.WITHDRAWN: set(),
    },
)


class JoinRequestQuerySet(models.QuerySet["JoinRequest"]):
    def visible_to(self, user: User) -> Self:
        """One's own, and those to projects that one may see."""
        return self.filter(Q(person=user) | Q(project__in=Project.objects.visible_to(user)))

    def for_list(self) -> Self:
        return self.select_related("project", "intake", "person", "decided_by")


class JoinRequest(models.Model):
    """Somebody wants to take part in a project instead of starting the same again, perhaps with an intake of theirs."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="join_requests")
    intake = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="Closed as merged on acceptance.",
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    message = models.TextField(blank=True, max_length=2000)
    state = models.CharField(max_length=10, choices=JoinState.choices, default=JoinState.ASKED)
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True, max_length=2000)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = JoinRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "person"], condition=Q(state="asked"), name="join_request_one_open_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} asks to join {self.project.key}"

    @property
    def ref(self) -> str:
        return f"join_request:{self.pk}"
