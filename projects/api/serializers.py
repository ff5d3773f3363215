"""How projects look in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from coe_portal.core.api.serializers import StrictInput
from projects.api.evidence_serializers import EvidenceSerializer, NeedsSerializer, needs_of
from projects.models import (
    BusinessUnit,
    Criterion,
    Member,
    Project,
    ProjectRole,
    Responsibility,
    ResponsibilityKind,
    RiskTier,
    WorkArea,
)
from projects.services import named_data


class UnansweredSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    how_to_fix = serializers.CharField()


class ReadinessSerializer(serializers.Serializer[Any]):
    """0–100; an unanswered question is named in ``missing``, never a silent zero."""

    score = serializers.IntegerField()
    complete = serializers.BooleanField()
    missing = UnansweredSerializer(many=True)


class PocSerializer(serializers.Serializer[Any]):
    starts_on = serializers.DateField(source="poc_starts_on", allow_null=True)
    ends_on = serializers.DateField(source="poc_ends_on", allow_null=True)
    budget = serializers.DecimalField(source="poc_budget", max_digits=18, decimal_places=6, allow_null=True)


class GuardrailSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(required=False)
    limit = serializers.FloatField(required=False, allow_null=True)


class SuccessMetricSerializer(serializers.Serializer[Any]):
    """What the project is measured by, for its whole life."""

    name = serializers.CharField()
    unit = serializers.CharField()
    direction = serializers.CharField()
    baseline = serializers.FloatField()
    target = serializers.FloatField()
    guardrail = GuardrailSerializer()


class ProjectListSerializer(serializers.Serializer[Any]):
    """A project in a list."""

    key = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    business_unit = serializers.CharField(source="business_unit_id", help_text="Id of the business unit.")
    stage = serializers.CharField()
    health = serializers.CharField()
    sponsor = serializers.CharField(source="sponsor.username", default="", help_text="Username, or empty.")
    owner = serializers.CharField(source="owner.username")
    deploy_authority = serializers.CharField(source="deploy_authority.username", default="")
    risk_tier = serializers.CharField()
    data_classification = serializers.CharField()
    policy_version = serializers.CharField()
    readiness = ReadinessSerializer()
    poc = PocSerializer(source="*")
    currency = serializers.CharField()
    waiting_on = serializers.CharField()
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ProjectSerializer(ProjectListSerializer):
    """A project with its success metric."""

    success_metric = serializers.SerializerMethodField()

    @extend_schema_field(SuccessMetricSerializer(allow_null=True))
    def get_success_metric(self, project: Project) -> SuccessMetricSerializer | None:
        metric = getattr(project, "success_metric", None)
        return SuccessMetricSerializer(metric).data if metric else None  # type: ignore[return-value]


class ProjectInput(StrictInput):
    """A new project. People by username, the business unit by id."""

    name = serializers.CharField(max_length=120, min_length=3)
    summary = serializers.CharField(max_length=2000, allow_blank=True, default="")
    business_unit = serializers.CharField(max_length=26)
    owner = serializers.CharField(max_length=64, required=False, help_text="Username; the caller when left out.")
    sponsor = serializers.CharField(max_length=64, allow_blank=True, default="")
    deploy_authority = serializers.CharField(max_length=64, allow_blank=True, default="")
    risk_tier = serializers.ChoiceField(choices=RiskTier.choices, allow_blank=True, default="")


class ProjectPatch(StrictInput):
    """What may be changed of a project."""

    name = serializers.CharField(max_length=120, min_length=3, required=False)
    summary = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    business_unit = serializers.CharField(max_length=26, required=False)
    sponsor = serializers.CharField(max_length=64, allow_blank=True, required=False)
    owner = serializers.CharField(max_length=64, required=False)
    deploy_authority = serializers.CharField(max_length=64, allow_blank=True, required=False)
    risk_tier = serializers.ChoiceField(choices=RiskTier.choices, allow_blank=True, required=False)


class BusinessUnitSerializer(serializers.ModelSerializer[BusinessUnit]):
    class Meta:
        model = BusinessUnit
        fields = ["id", "name", "cost_center"]
        read_only_fields = fields


class VerdictSerializer(serializers.Serializer[Any]):
    comment = serializers.CharField(source="verdict_comment")
    by = serializers.CharField(source="verdict_by.username", default="")
    at = serializers.DateTimeField(source="verdict_at", allow_null=True)


class NamedDataSerializer(serializers.Serializer[Any]):
    """A data set of the register that an answer names."""

    id = serializers.CharField()
    name = serializers.CharField()
    classification = serializers.CharField()
    readiness = serializers.CharField()


class CriterionSerializer(serializers.ModelSerializer[Criterion]):
    """A question as this project answers it; ``answer_schema`` says what fits."""

    owner = serializers.CharField(source="owner.username", default="")
    answer_schema = serializers.DictField()
    answer = serializers.DictField()
    evidence = EvidenceSerializer(many=True)
    verdict = VerdictSerializer(source="*")
    datasets = serializers.SerializerMethodField(help_text="Data sets of the register that the answer names.")
    needs = serializers.SerializerMethodField()

    class Meta:
        model = Criterion
        fields = [
            "code",
            "question",
            "hint",
            "step",
            "weight",
            "answer_schema",
            "status",
            "answer",
            "datasets",
            "owner",
            "due_on",
            "evidence",
            "verdict",
            "expires_on",
            "waived_until",
            "needs",
            "version",
        ]
        read_only_fields = fields

    @extend_schema_field(NamedDataSerializer(many=True))
    def get_datasets(self, criterion: Criterion) -> list[dict[str, Any]]:
        keys = named_data.keys_of(criterion.answer) if criterion.code == named_data.CODE else []
        named = named_data.named_by([criterion.answer]) if keys else {}
        return [dict(NamedDataSerializer(named[key]).data) for key in keys if key in named]

    @extend_schema_field(NeedsSerializer)
    def get_needs(self, criterion: Criterion) -> dict[str, Any]:
        known: dict[str, Any] = self.__dict__.setdefault("_demands", {})
        return needs_of(criterion, known)


class CriterionPatch(StrictInput):
    """An answer, or who gives it until when. ``version`` refuses to overwrite a colleague's newer answer."""

    answer = serializers.DictField(required=False)
    owner = serializers.CharField(max_length=64, allow_blank=True, required=False)
    due_on = serializers.DateField(allow_null=True, required=False)
    version = serializers.IntegerField(min_value=1, required=False)


class VerdictInput(StrictInput):
    verdict = serializers.ChoiceField(choices=["accept", "reject"])
    comment = serializers.CharField(max_length=4000, allow_blank=True, default="")


class MemberSerializer(serializers.ModelSerializer[Member]):
    user = serializers.CharField(source="user.username")
    roles = serializers.ListField(child=serializers.ChoiceField(choices=ProjectRole.choices))

    class Meta:
        model = Member
        fields = ["id", "user", "roles", "joined_at"]
        read_only_fields = fields


class MemberInput(StrictInput):
    user = serializers.CharField(max_length=64, help_text="Username.")
    roles = serializers.ListField(child=serializers.ChoiceField(choices=ProjectRole.choices), max_length=7)


class KindInput(StrictInput):
    kind = serializers.ChoiceField(choices=ResponsibilityKind.choices)


class RolesInput(StrictInput):
    roles = serializers.ListField(child=serializers.ChoiceField(choices=ProjectRole.choices), max_length=7)


class ResponsibilitySerializer(serializers.ModelSerializer[Responsibility]):
    member = serializers.CharField(source="member_id")

    class Meta:
        model = Responsibility
        fields = ["id", "member", "work_area", "kind"]
        read_only_fields = fields


class ResponsibilityInput(StrictInput):
    member = serializers.CharField(max_length=26, help_text="Id of the member.")
    work_area = serializers.ChoiceField(choices=WorkArea.choices)
    kind = serializers.ChoiceField(choices=ResponsibilityKind.choices)


class LearntSerializer(serializers.Serializer[Any]):
    """A lesson in short; ``lessons/{id}/`` has its text."""

    id = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()


class CandidateSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(source="project.key")
    name = serializers.CharField(source="project.name")
    stage = serializers.CharField(source="project.stage")
    score = serializers.FloatField()
    reason = serializers.CharField()
    lessons = LearntSerializer(source="project.newest_lessons", many=True, help_text="Its three newest lessons.")
