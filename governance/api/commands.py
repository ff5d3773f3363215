"""What policy has a say in, mounted under a project: submit, advance, stop, gate."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.views import refuse_unknown_parameters
from coe_portal.core.models import Scope
from governance.api.qualification_serializers import ProjectStageSerializer
from governance.api.serializers import (
    ApprovalSerializer,
    BreakGlassInput,
    GateSerializer,
    StopInput,
    SubmittedSerializer,
)
from governance.models import ApprovalRequest
from governance.services import break_glass, environments, gates, intakes, stopping
from projects.permissions import visible_project


def _submitted(result: intakes.Submitted) -> Response:
    approval = ApprovalRequest.objects.for_list().get(pk=result.approval.pk)
    body = SubmittedSerializer({"project": approval.project, "approval": approval}).data
    return Response(body, status=201)


class SubmitView(APIView):
    """Submit a complete intake: a numbered revision is kept, its approvers are asked."""

    @extend_schema(request=None, responses={201: SubmittedSerializer})
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        return _submitted(intakes.submit(project_key=key, actor=person_of(request)))


class AdvanceView(APIView):
    """Ask for the gate that leaves the project's stage."""

    @extend_schema(request=None, responses={201: SubmittedSerializer})
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        return _submitted(intakes.advance(project_key=key, actor=person_of(request)))


class StopView(APIView):
    """End an idea, or a project that is production ready, for good and with a reason."""

    required_scopes = {"post": Scope.DECIDE}

    @extend_schema(request=StopInput, responses=ProjectStageSerializer)
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = StopInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        project = stopping.stop(project_key=key, actor=person_of(request), **wanted.validated_data)
        return Response(ProjectStageSerializer(project).data)


class BreakGlassView(APIView):
    """Ask to open one gate for some hours although it is closed; two different people have to agree."""

    @extend_schema(request=BreakGlassInput, responses={201: ApprovalSerializer})
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = BreakGlassInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = dict(wanted.validated_data)
        kind = environments.kind_of(given.pop("environment"))
        asked = break_glass.ask(project_key=key, environment_kind=kind, actor=person_of(request), **given)
        approval = ApprovalRequest.objects.for_list().get(pk=asked.pk)
        return Response(ApprovalSerializer(approval).data, status=201)


class GateView(APIView):
    """May the caller do this in this project now, and if not, why not?"""

    @extend_schema(
        parameters=[
            OpenApiParameter("action", str, required=True, enum=list(gates.ACTIONS)),
            OpenApiParameter("environment", str, description="Name of an environment, or its kind."),
        ],
        responses=GateSerializer,
    )
    def get(self, request: Request, key: str) -> Response:
        person, query = person_of(request), request.query_params
        refuse_unknown_parameters(request, "action", "environment")
        action, environment = query.get("action", ""), query.get("environment", "")
        project, kind = visible_project(person, key), environments.kind_of(environment)
        answer = gates.check(project, action, environment_kind=kind, actor=person)
        missing: list[dict[str, Any]] = [
            {"code": item.code, "message": item.message, "how_to_fix": item.how_to_fix, "url": item.url}
            for item in answer.missing
        ]
        return Response(
            {"action": action, "allowed": answer.allowed, "missing": missing, "break_glass": answer.break_glass}
        )
