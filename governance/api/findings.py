"""Findings in the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import PortalViewSet
from coe_portal.core.errors import NotFound
from governance.filters import FindingFilter
from governance.models import Finding, Severity
from governance.services import finding_owners, findings


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """What was found, how bad it is, and who mends it until when."""

    project = serializers.CharField(source="project.key")
    owner = serializers.CharField(source="owner.username")
    raised_by = serializers.SerializerMethodField(help_text="Username; empty when the portal itself found it.")
    resolved_by = serializers.SerializerMethodField(help_text="Username, or empty.")

    evidence = serializers.CharField(help_text="Address of what shows that it was put right, or empty.")

    class Meta:
        model = Finding
        fields = [
            "id", "project", "source", "subject", "title", "detail", "severity", "owner", "due_on", "is_overdue",
            "state", "raised_by", "created_at", "resolution", "evidence", "resolved_by", "resolved_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_raised_by(self, finding: Finding) -> str:
        return finding.raised_by.username if finding.raised_by else ""

    def get_resolved_by(self, finding: Finding) -> str:
        return finding.resolved_by.username if finding.resolved_by else ""


class ResolveInput(StrictInput):
    """How it was put right."""

    resolution = serializers.CharField(max_length=4000)
    evidence = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True, help_text="Address of what shows it."
    )


class AssignInput(StrictInput):
    """Who puts it right from now on, and why."""

    owner = serializers.CharField(max_length=64, help_text="Username of a colleague who can see the project.")
    reason = serializers.CharField(max_length=finding_owners.MAX_REASON)


class FindingInput(StrictInput):
    """What a person found in a review."""

    project = serializers.CharField(max_length=24, help_text="Project key.")
    title = serializers.CharField(max_length=200)
    severity = serializers.ChoiceField(choices=Severity.choices)
    owner = serializers.CharField(
        max_length=64, required=False, default="", allow_blank=True, help_text="Username; the project's owner if empty."
    )
    due_on = serializers.DateField(required=False, allow_null=True, default=None)
    detail = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class FindingViewSet(PortalViewSet):
    """What is wrong with projects, and what was done about it."""

    queryset = Finding.objects.none()
    serializer_class = FindingSerializer
    filterset_class = FindingFilter
    ordering = "-id"
    ordering_fields = ("id", "due_on")

    def get_queryset(self) -> QuerySet[Finding]:
        return Finding.objects.visible_to(self.person).for_list()

    def get_object(self) -> Finding:
        found = self.get_queryset().filter(pk=self.kwargs["pk"][:26]).first()
        if found is None:
            raise NotFound("There is no such finding that you may see.")
        return found

    @extend_schema(request=FindingInput, responses={201: FindingSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Report what a review found, with who puts it right until when."""
        del args, kwargs
        wanted = FindingInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = dict(wanted.validated_data)
        found = findings.report(project_key=given.pop("project"), actor=self.person, **given)
        return Response(self.get_serializer(self.get_queryset().get(pk=found.pk)).data, status=201)

    @extend_schema(request=ResolveInput, responses=FindingSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def resolve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Close it and say how; never by who caused it."""
        del args, kwargs
        wanted = ResolveInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        findings.resolve(finding_id=self.get_object().pk, actor=self.person, **wanted.validated_data)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=AssignInput, responses=FindingSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def assign(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have somebody else put it right; by its owner, the project's owner or a CoE lead."""
        del args, kwargs
        wanted = AssignInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        finding_owners.assign(finding_id=self.get_object().pk, actor=self.person, **wanted.validated_data)
        return Response(self.get_serializer(self.get_object()).data)
