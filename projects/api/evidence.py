"""Evidence of one project in the API: read, fetched, withdrawn. It is added below its question."""

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.parsers import StrictJSONParser
from coe_portal.core.downloads import attachment
from projects.api.evidence_serializers import EvidenceSerializer, WithdrawInput
from projects.api.parts import ProjectPartViewSet
from projects.filters import EvidenceFilter
from projects.models import Evidence
from projects.services import evidence


class EvidenceViewSet(ProjectPartViewSet):
    """Everything that supports, or supported, the answers of a project."""

    queryset = Evidence.objects.none()
    serializer_class = EvidenceSerializer
    filterset_class = EvidenceFilter
    ordering = "-id"

    def get_queryset(self) -> QuerySet[Evidence]:
        return Evidence.objects.for_list().filter(criterion__project=self.project)

    def get_object(self) -> Evidence:
        return evidence.visible(project_key=self.kwargs["key"], evidence_id=self.kwargs["pk"], actor=self.person)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], pagination_class=None)
    def file(self, request: Request, *args: Any, **kwargs: Any) -> FileResponse:
        """The content of the file, as an attachment."""
        del request, args, kwargs
        piece = self.get_object()
        path = evidence.path_of(piece)
        return attachment(path, name=piece.file_name, media_type=piece.media_type, sha256=piece.sha256)

    @extend_schema(request=WithdrawInput, responses=EvidenceSerializer)
    @action(detail=True, methods=["post"], parser_classes=[StrictJSONParser])
    def withdraw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that it supports its answer no longer; an accepted answer is reviewed again."""
        del args
        wanted = WithdrawInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        evidence.withdraw(
            project_key=kwargs["key"], evidence_id=kwargs["pk"], actor=self.person, **wanted.validated_data
        )
        return Response(EvidenceSerializer(self.get_object()).data)
