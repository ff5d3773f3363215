"""The risk questionnaire of a project in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import refuse_unknown_parameters
from governance.models import RiskAssessment
from governance.services import risk
from projects import permissions
from projects.models import Project


class RiskAssessmentSerializer(serializers.ModelSerializer[RiskAssessment]):
    """A filled-in questionnaire with the tier it gave."""

    tier = serializers.CharField()
    answered_by = serializers.CharField(source="answered_by.username")

    class Meta:
        model = RiskAssessment
        fields = ["id", "policy_version", "answers", "points", "tier", "answered_by", "answered_at"]
        read_only_fields = fields


class RiskSerializer(serializers.Serializer[dict[str, Any]]):
    """The tier, how it was reached, and the questionnaire with its scoring as the policy publishes it."""

    project = serializers.CharField()
    risk_tier = serializers.CharField(help_text="Empty while it is not known.")
    assessment = RiskAssessmentSerializer(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    questionnaire = serializers.DictField(allow_null=True, help_text="The policy's questions, points and tiers.")


class RiskInput(StrictInput):
    """All answers: for each question the chosen value, or a list of values where several may be chosen."""

    answers = serializers.DictField(allow_empty=False)

    def validate_answers(self, answers: dict[str, Any]) -> dict[str, list[str]]:
        given = {code: [value] if isinstance(value, str) else value for code, value in answers.items()}
        for code, values in given.items():
            if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
                raise serializers.ValidationError({code[:80]: ["Send a value, or a list of values."]})
        return given


class RiskView(APIView):
    """The risk tier of a project."""

    @extend_schema(responses=RiskSerializer)
    def get(self, request: Request, key: str) -> Response:
        """The tier and the questionnaire that gives it."""
        refuse_unknown_parameters(request)
        return Response(_said(permissions.visible_project(person_of(request), key)))

    @extend_schema(request=RiskInput, responses=RiskSerializer)
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        """Answer the whole questionnaire; its points give the tier."""
        wanted = RiskInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        person = person_of(request)
        risk.answer(project_key=key, answers=wanted.validated_data["answers"], actor=person)
        return Response(_said(permissions.visible_project(person, key)))


def _said(project: Project) -> dict[str, Any]:
    asked, row = risk.questionnaire_of(project), risk.current(project)
    return {
        "project": project.key,
        "risk_tier": project.risk_tier,
        "assessment": RiskAssessmentSerializer(row).data if row else None,
        "reasons": asked.score(row.answers).reasons if asked and row else [],
        "questionnaire": asked.document if asked else None,
    }
