"""Projects and business units in the API."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.views import PortalViewSet, refuse_unknown_parameters
from coe_portal.core.errors import NotFound
from projects.api.coverage import CoverageSerializer, coverage_of
from projects.api.serializers import (
    BusinessUnitSerializer,
    CandidateSerializer,
    ProjectInput,
    ProjectListSerializer,
    ProjectPatch,
    ProjectSerializer,
)
from projects.filters import BusinessUnitFilter, ProjectFilter
from projects.knowledge import with_lessons
from projects.models import BusinessUnit, Project
from projects.permissions import visible_project
from projects.services import projects
from projects.similar import similar_projects

# What a row of the list shows as it is, and what it takes from other columns.
PLAIN = (
    "name",
    "summary",
    "stage",
    "health",
    "risk_tier",
    "data_classification",
    "policy_version",
    "readiness",
    "currency",
    "waiting_on",
    "revision",
    "created_at",
    "updated_at",
)
PEOPLE = ("owner__username", "sponsor__username", "deploy_authority__username")
COLUMNS = ("id", *PLAIN, "business_unit_id", *PEOPLE, "poc_starts_on", "poc_ends_on", "poc_budget")


class BusinessUnitViewSet(PortalViewSet):
    """The parts of the organisation that own projects."""

    queryset = BusinessUnit.objects.none()
    serializer_class = BusinessUnitSerializer
    filterset_class = BusinessUnitFilter
    ordering = "name"
    ordering_fields = ("name", "cost_center")

    def get_queryset(self) -> QuerySet[BusinessUnit]:
        return BusinessUnit.objects.all()


class ProjectViewSet(PortalViewSet):
    """Projects the caller may see, by key."""

    queryset = Project.objects.none()
    filterset_class = ProjectFilter
    lookup_url_kwarg = "key"
    ordering = "-id"
    ordering_fields = ("id", "name", "updated_at")

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: QuerySet[Any, Any] = Project.objects.visible_to(self.person).values(*COLUMNS)
        return rows

    def get_serializer_class(self) -> Any:
        return ProjectListSerializer if self.action == "list" else ProjectSerializer

    def get_object(self) -> Project:
        key = self.kwargs["key"]
        rows = Project.objects.visible_to(self.person).with_people().select_related("success_metric")
        project = rows.by_key(key).first()
        if project is None:
            raise NotFound(f"There is no project {key[:20]} that you may see.")
        return project

    def serialize_many(self, rows: Any) -> list[dict[str, Any]]:
        return [row_of(project) for project in rows]

    @extend_schema(request=ProjectInput, responses={201: ProjectSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        del args, kwargs
        wanted = ProjectInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = dict(wanted.validated_data)
        project = projects.create_project(business_unit_id=values.pop("business_unit"), **values, actor=self.person)
        return Response(ProjectSerializer(project).data, status=201)

    @extend_schema(request=ProjectPatch, responses=ProjectSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        del args, kwargs
        wanted = ProjectPatch(data=request.data)
        wanted.is_valid(raise_exception=True)
        with transaction.atomic():
            project = visible_project(self.person, self.kwargs["key"], lock=True)
            self.check_if_match()
            projects.update_project(project_key=project.key, changes=wanted.validated_data, actor=self.person)
        return self.tagged(self.represent(self.get_object()))

    @extend_schema(responses=CoverageSerializer)
    @action(detail=True)
    def coverage(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the team lacks, which gates wait for it, and who could help."""
        del request, args, kwargs
        return Response(CoverageSerializer(coverage_of(self.get_object())).data)

    @extend_schema(
        parameters=[OpenApiParameter("text", str, required=True)],
        responses=CandidateSerializer(many=True),
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def similar(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Projects like the text with what they learnt, so that an idea joins one instead of repeating it."""
        del args, kwargs
        refuse_unknown_parameters(request, "text")
        found = with_lessons(similar_projects(self.person, request.query_params.get("text", "")))
        return Response(CandidateSerializer(found, many=True).data)


def row_of(project: Mapping[str, Any]) -> dict[str, Any]:
    """The same document as ``ProjectListSerializer``, built by hand because lists of it must be fast.

    Args:
        project: a row of ``Project.objects.values(*COLUMNS)``.
    """
    budget = project["poc_budget"]
    poc = {
        "starts_on": project["poc_starts_on"],
        "ends_on": project["poc_ends_on"],
        "budget": None if budget is None else f"{budget:.6f}",
    }
    return {
        "key": f"PRJ-{project['id']}",
        **{name: project[name] for name in PLAIN},
        "business_unit": project["business_unit_id"],
        "sponsor": project["sponsor__username"] or "",
        "owner": project["owner__username"],
        "deploy_authority": project["deploy_authority__username"] or "",
        "poc": poc,
    }
