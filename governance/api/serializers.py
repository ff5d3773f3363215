"""How approvals look in the API."""

from typing import Any

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from coe_portal.core.api.serializers import StrictInput
from governance import permissions
from governance.models import ApprovalQuestion, ApprovalRequest, ApprovalStep, Decision, Verdict
from governance.policies.schema import ACTIONS
from governance.services import revisions
from projects.models import Project


class MissingSerializer(serializers.Serializer[dict[str, str]]):
    """One thing that stands in the way, and how to fix it."""

    code = serializers.CharField()
    message = serializers.CharField()
    how_to_fix = serializers.CharField()
    url = serializers.CharField()


class GateSerializer(serializers.Serializer[dict[str, Any]]):
    """May the action run, and if not, why not?"""

    action = serializers.CharField()
    allowed = serializers.BooleanField()
    missing = MissingSerializer(many=True)
    break_glass = serializers.CharField(help_text="Why it is open although something is missing; else empty.")


class StepSerializer(serializers.ModelSerializer[ApprovalStep]):
    """One step of an approval: who may decide it, how many are needed and how many approved."""

    given = serializers.SerializerMethodField(help_text="How many people approved this step.")
    approvers = serializers.SerializerMethodField(help_text="Usernames of those who may decide it.")
    holder = serializers.SerializerMethodField(help_text="Who holds the step, in words.")

    class Meta:
        model = ApprovalStep
        fields = [
            "position", "order", "name", "state", "needed", "given", "approvers", "holder", "is_fallback", "fields",
            "opened_at", "due_at", "escalated_at",
        ]  # fmt: skip
        read_only_fields = fields

    @cached_property
    def _everybody(self) -> permissions.Approvers:
        """Read once for all rows of a list."""
        return permissions.Approvers()

    def get_given(self, step: ApprovalStep) -> int:
        return sum(decision.approves and decision.step_id == step.pk for decision in step.request.decisions.all())

    def get_approvers(self, step: ApprovalStep) -> list[str]:
        return [person.username for person in self._everybody.of(step, step.request.excluded)]

    def get_holder(self, step: ApprovalStep) -> str:
        return permissions.holder_words(step)


class QuestionSerializer(serializers.ModelSerializer[ApprovalQuestion]):
    """What an approver asked the requester; while one is open, the clock stands still."""

    id = serializers.CharField()
    asked_by = serializers.CharField(source="asked_by.username")
    on_behalf_of = serializers.SerializerMethodField(help_text="Username of whom a delegate asked for.")
    answered_by = serializers.SerializerMethodField(help_text="Username, or empty.")

    class Meta:
        model = ApprovalQuestion
        fields = ["id", "asked_by", "on_behalf_of", "text", "asked_at", "answer", "answered_by", "answered_at"]
        read_only_fields = fields

    def get_on_behalf_of(self, question: ApprovalQuestion) -> str:
        return question.on_behalf_of.username if question.on_behalf_of else ""

    def get_answered_by(self, question: ApprovalQuestion) -> str:
        return question.answered_by.username if question.answered_by else ""


class AskInput(StrictInput):
    """A question to the requester."""

    text = serializers.CharField(max_length=2000)


class AnswerInput(StrictInput):
    """The answer to a question."""

    question = serializers.IntegerField(min_value=1, max_value=2**62, help_text="Its id.")
    text = serializers.CharField(max_length=2000)


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """What one person said."""

    actor = serializers.CharField(source="actor.username")
    on_behalf_of = serializers.SerializerMethodField(help_text="Username of whom a delegate decided for.")
    step = serializers.SerializerMethodField(help_text="Name of the step.")
    kept_from = serializers.CharField(source="kept_from_key", help_text="Request in which it was said, or empty.")

    class Meta:
        model = Decision
        fields = [
            "actor", "on_behalf_of", "step", "verdict", "comment", "conditions", "digest", "fields_digest", "kept_from",
            "decided_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_on_behalf_of(self, decision: Decision) -> str:
        return decision.on_behalf_of.username if decision.on_behalf_of else ""

    def get_step(self, decision: Decision) -> str:
        return next(step.name for step in decision.request.steps.all() if step.pk == decision.step_id)


class ApprovalSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """An approval request as lists show it."""

    id = serializers.CharField(source="key")
    project = serializers.CharField(source="project.key")
    requester = serializers.CharField(source="requester.username")
    waiting_on = serializers.SerializerMethodField(help_text="The step that is waited for, in words; empty at the end.")
    steps = StepSerializer(many=True, read_only=True)
    decisions = DecisionSerializer(many=True)
    questions = QuestionSerializer(many=True)

    class Meta:
        model = ApprovalRequest
        fields = [
            "id", "subject", "project", "action", "title", "state", "requester", "waiting_on", "revision", "digest",
            "policy_version", "note", "created_at", "due_at", "expires_at", "paused_at", "closed_at", "steps",
            "decisions", "questions",
        ]  # fmt: skip
        read_only_fields = fields

    def get_waiting_on(self, request: ApprovalRequest) -> str:
        return permissions.waiting_words(request)


class DifferenceSerializer(serializers.Serializer[dict[str, Any]]):
    """One place that differs; ``null`` means that it is not there."""

    path = serializers.CharField()
    before = serializers.JSONField()
    after = serializers.JSONField()


class ApprovalDetailSerializer(ApprovalSerializer):
    """An approval request with exactly what is approved, and what changed since it was last asked for."""

    diff = serializers.SerializerMethodField(help_text="Against the previous request for the same subject and action.")
    refusal = serializers.SerializerMethodField(help_text="Why the caller may not decide it now; empty when they may.")

    class Meta(ApprovalSerializer.Meta):
        fields = [*ApprovalSerializer.Meta.fields, "specification", "diff", "refusal"]
        read_only_fields = fields

    @extend_schema_field(DifferenceSerializer(many=True))
    def get_diff(self, request: ApprovalRequest) -> list[dict[str, Any]]:
        return [difference.as_json() for difference in revisions.changes_of(request)]

    def get_refusal(self, request: ApprovalRequest) -> str:
        return permissions.refusal(request, self.context["request"].user)


class DecisionInput(StrictInput):
    """A decision. A comment is needed to ask for changes or to reject, conditions to approve with conditions."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)
    step = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        help_text="Position; else the first open one.",
    )
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=4000)
    conditions = serializers.ListField(
        child=serializers.CharField(max_length=300), required=False, default=list, max_length=10
    )
    conditions_due_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="A month from now when it is left out."
    )


class BreakGlassInput(StrictInput):
    """Which gate to open, where, for how long and why."""

    action = serializers.ChoiceField(choices=ACTIONS)
    environment = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=60, help_text="Name of an environment, or its kind."
    )
    hours = serializers.IntegerField(min_value=1, max_value=24)
    reason = serializers.CharField(min_length=20, max_length=2000)


class StopInput(StrictInput):
    """Why the project ends."""

    reason = serializers.CharField(min_length=10, max_length=2000)


class SubmittedProjectSerializer(serializers.ModelSerializer[Project]):
    """The project after it was submitted; the full object is at ``projects/{key}/``."""

    key = serializers.CharField()
    owner = serializers.CharField(source="owner.username")
    sponsor = serializers.SerializerMethodField(help_text="Username, or empty.")

    class Meta:
        model = Project
        fields = ["key", "name", "stage", "revision", "owner", "sponsor", "policy_version", "readiness", "waiting_on"]
        read_only_fields = fields

    def get_sponsor(self, project: Project) -> str:
        return project.sponsor.username if project.sponsor else ""


class SubmittedSerializer(serializers.Serializer[Any]):
    """The project in its new stage and the approval request that was opened."""

    project = SubmittedProjectSerializer()
    approval = ApprovalSerializer()
