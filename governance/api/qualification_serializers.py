"""How qualification looks in the API."""

from typing import Any

from rest_framework import serializers

from coe_portal.core.api.serializers import StrictInput
from governance.models import IntakeDecision, IntakeOutcome, Review
from governance.policies.scoring import HIGHEST, LOWEST
from projects.models import FieldQuestion


class ScoresSerializer(serializers.Serializer[Any]):
    """A whole number from 1 to 5 for each dimension; more is better, also for risk."""

    value = serializers.IntegerField(min_value=LOWEST, max_value=HIGHEST)
    feasibility = serializers.IntegerField(min_value=LOWEST, max_value=HIGHEST)
    data_readiness = serializers.IntegerField(min_value=LOWEST, max_value=HIGHEST)
    risk = serializers.IntegerField(min_value=LOWEST, max_value=HIGHEST)


class ScoresInput(StrictInput, ScoresSerializer):
    """The same, and nothing else."""


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """One reviewer's scores of one revision."""

    reviewer = serializers.CharField(source="reviewer.username")
    scores = ScoresSerializer()

    class Meta:
        model = Review
        fields = ["id", "reviewer", "revision", "scores", "comment", "policy_version", "given_at"]
        read_only_fields = fields


class ReviewInput(StrictInput):
    """The caller's scores; sent again they replace the earlier ones."""

    scores = ScoresInput()
    comment = serializers.CharField(max_length=4000, allow_blank=True, default="")


class SpreadSerializer(serializers.Serializer[Any]):
    mean = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ScaleSerializer(serializers.Serializer[Any]):
    """A dimension with its anchors for 1 to 5, its weight and what reviewers say of it."""

    code = serializers.CharField()
    title = serializers.CharField()
    question = serializers.CharField()
    anchors = serializers.ListField(child=serializers.CharField())
    weight = serializers.IntegerField()
    spread = SpreadSerializer(allow_null=True)


class PriorityInputSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "source": serializers.CharField()}  # “source” is a word of the framework


class PrioritySerializer(serializers.Serializer[Any]):
    """WSJF or RICE with its inputs; the figure is null while an input is not known."""

    name = serializers.CharField()
    figure = serializers.FloatField(allow_null=True)
    formula = serializers.CharField()
    inputs = PriorityInputSerializer(many=True)


class FieldQuestionSerializer(serializers.ModelSerializer[FieldQuestion]):
    """A reviewer's question at a field of the intake."""

    asked_by = serializers.CharField(source="asked_by.username")
    answered_by = serializers.SerializerMethodField(help_text="Username, or empty.")

    class Meta:
        model = FieldQuestion
        fields = [
            "id",
            "code",
            "field",
            "text",
            "revision",
            "asked_by",
            "asked_at",
            "answer",
            "answered_by",
            "answered_at",
        ]
        read_only_fields = fields

    def get_answered_by(self, question: FieldQuestion) -> str:
        return question.answered_by.username if question.answered_by else ""


class IntakeDecisionSerializer(serializers.ModelSerializer[IntakeDecision]):
    """What a CoE lead decided, why, and on which scores."""

    decided_by = serializers.CharField(source="decided_by.username")
    on_behalf_of = serializers.SerializerMethodField(help_text="Username, or empty.")
    approval = serializers.SerializerMethodField(help_text="Key of the approval request, or empty for a concept.")

    class Meta:
        model = IntakeDecision
        fields = [
            "id", "outcome", "reason", "defer_until", "returned_at", "revision", "approval", "score", "reviews",
            "scoring", "decided_by", "on_behalf_of", "decided_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_on_behalf_of(self, decision: IntakeDecision) -> str:
        return decision.on_behalf_of.username if decision.on_behalf_of else ""

    def get_approval(self, decision: IntakeDecision) -> str:
        return decision.request.key if decision.request else ""


class DistinctionSerializer(serializers.Serializer[Any]):
    """Why it does not join a project that is like it."""

    other = serializers.CharField(source="other.key")
    reason = serializers.CharField()
    given_by = serializers.CharField(source="given_by.username")
    given_at = serializers.DateTimeField()


class QualificationSerializer(serializers.Serializer[Any]):
    """One intake as reviewers and CoE leads read it. ``hidden``: others' scores come after one's own."""

    project = serializers.CharField()
    revision = serializers.IntegerField()
    weights = serializers.IntegerField(help_text="Number of the weights; 0 for the policy's own.")
    hidden = serializers.BooleanField()
    total = SpreadSerializer(allow_null=True)
    apart = serializers.ListField(
        child=serializers.CharField(), help_text="Dimensions with two points between reviewers."
    )
    scales = ScaleSerializer(many=True)
    reviews = ReviewSerializer(many=True)
    priorities = PrioritySerializer(many=True)
    questions = FieldQuestionSerializer(many=True)
    reviewers = serializers.ListField(child=serializers.CharField())
    decisions = IntakeDecisionSerializer(many=True)
    distinctions = DistinctionSerializer(many=True)


class QuestionInput(StrictInput):
    """A question at a field of an answer, or at all of it."""

    code = serializers.CharField(max_length=40, help_text="Code of the criterion, such as value.")
    field = serializers.CharField(max_length=60, allow_blank=True, default="", help_text="Such as likely.")
    text = serializers.CharField(max_length=2000)


class DecideIntakeInput(StrictInput):
    """The decision with its reason; a deferral has a day, a request for changes has questions."""

    outcome = serializers.ChoiceField(choices=IntakeOutcome.choices)
    reason = serializers.CharField(max_length=4000)
    defer_until = serializers.DateField(allow_null=True, default=None)
    questions = QuestionInput(many=True, default=list)


class EndDeferralInput(StrictInput):
    """Why the intake comes back before its day."""

    reason = serializers.CharField(max_length=4000)


class ProjectStageSerializer(serializers.Serializer[Any]):
    """Where the project stands now."""

    project = serializers.CharField(source="key")
    stage = serializers.CharField()


class ReviewerInput(StrictInput):
    user = serializers.CharField(max_length=64, help_text="Username.")


class AnswerTextInput(StrictInput):
    text = serializers.CharField(max_length=2000)


class FigureSerializer(serializers.Serializer[Any]):
    """A number with what it is made of."""

    name = serializers.CharField(source="label")
    value = serializers.CharField()
    note = serializers.CharField()


class DataOfCaseSerializer(serializers.Serializer[Any]):
    """A data set of the register that an answer names."""

    id = serializers.CharField()
    name = serializers.CharField()
    classification = serializers.CharField()
    readiness = serializers.CharField()


class AnsweredSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    line = serializers.CharField()
    state = serializers.CharField()
    datasets = DataOfCaseSerializer(many=True, help_text="Data sets of the register that it names, as they are now.")


class SignatureSerializer(serializers.Serializer[Any]):
    role = serializers.CharField()
    name = serializers.CharField()
    said = serializers.CharField()


class BusinessCaseSerializer(serializers.Serializer[Any]):
    """What a sponsor reads before they pay for it."""

    key = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    version = serializers.CharField(help_text="The revision that was submitted, or draft.")
    as_of = serializers.DateTimeField()
    figures = FigureSerializer(many=True)
    recommendation = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    questions = AnsweredSerializer(many=True)
    accepted = serializers.IntegerField()
    signatures = SignatureSerializer(many=True)
