"""Environments and templates."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.views import PortalViewSet
from deployments.api.inputs import EnvironmentInput, EnvironmentPatch
from deployments.api.outputs import EnvironmentSerializer, TemplateSerializer
from deployments.filters import EnvironmentFilter, TemplateFilter
from deployments.models import Environment, TemplateVersion
from deployments.services import environments
from projects.models import Project


class EnvironmentViewSet(PortalViewSet):
    """AWS accounts and regions that the portal may work in, by id or by name."""

    serializer_class = EnvironmentSerializer
    filterset_class = EnvironmentFilter
    ordering = "name"
    ordering_fields = ("name", "created_at")

    def get_queryset(self) -> QuerySet[Environment]:
        return Environment.objects.for_list()

    def get_object(self) -> Environment:
        wanted = self.kwargs["pk"]
        by_name = self.get_queryset().filter(name=wanted).first()
        return by_name or get_object_or_404(self.get_queryset(), pk=wanted)

    def get_serializer_context(self) -> dict[str, Any]:
        """People see the keys of projects that they may see anyway."""
        visible = None
        if not self.person.reads_everything:
            visible = set(Project.objects.visible_to(self.person).values_list("pk", flat=True))
        return {**super().get_serializer_context(), "visible_projects": visible}

    @extend_schema(request=EnvironmentInput, responses={201: EnvironmentSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add an environment. The answer holds the ExternalId for the role's trust policy, for this one time."""
        del args, kwargs
        sent = EnvironmentInput(data=request.data)
        sent.is_valid(raise_exception=True)
        values = dict(sent.validated_data)
        keys = values.pop("projects", None)
        environment = environments.create_environment(values=values, projects=keys, actor=self.person)
        return Response(self._with_external_id(environment), status=201)

    @extend_schema(request=EnvironmentPatch, responses=EnvironmentSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        del args, kwargs
        sent = EnvironmentPatch(data=request.data)
        sent.is_valid(raise_exception=True)
        values = dict(sent.validated_data)
        keys = values.pop("projects", None)
        with transaction.atomic():
            environment = Environment.objects.select_for_update().get(pk=self.get_object().pk)
            self.check_if_match()
            environments.update_environment(
                environment_id=environment.pk, values=values, projects=keys, actor=self.person
            )
        return self.tagged(self.represent(self.get_object()))

    @extend_schema(request=None, responses={202: EnvironmentSerializer})
    @action(detail=True, methods=["post"])
    @idempotent
    def check(self, request: Request, pk: str) -> Response:
        """Have a worker try out identity, bucket, queue and SageMaker; poll the environment for the result."""
        del request, pk
        environment = environments.request_check(environment_id=self.get_object().pk, actor=self.person)
        return Response(self.get_serializer(environment).data, status=202)

    @extend_schema(request=None, responses=EnvironmentSerializer)
    @action(detail=True, methods=["post"], url_path="renew-external-id")
    def renew_external_id(self, request: Request, pk: str) -> Response:
        """Make a new ExternalId and show it once."""
        del request, pk
        environment = environments.renew_external_id(environment_id=self.get_object().pk, actor=self.person)
        return Response(self._with_external_id(environment))

    def _with_external_id(self, environment: Environment) -> Any:
        context = self.get_serializer_context() | {"show_external_id": True}
        return EnvironmentSerializer(environment, context=context).data


class TemplateViewSet(PortalViewSet):
    """Golden paths. The list holds every published version; a name stands for its newest version."""

    serializer_class = TemplateSerializer
    filterset_class = TemplateFilter
    ordering = "-published_at"
    ordering_fields = ("published_at",)

    def get_queryset(self) -> QuerySet[TemplateVersion]:
        return TemplateVersion.objects.for_list()

    def get_object(self) -> TemplateVersion:
        wanted = self.kwargs["pk"]
        by_name = self.get_queryset().filter(template__name=wanted).first()
        return by_name or get_object_or_404(self.get_queryset(), pk=wanted)
