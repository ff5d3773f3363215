"""Access to data in the API: asked for, granted, revoked, and copies destroyed."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import PortalViewSet, refuse_unknown_parameters
from coe_portal.core.errors import NotFound
from governance.services import data_access
from projects.filters import DataAccessFilter
from projects.models import AccessPattern, DataAccess
from projects.services import accesses


class LookSerializer(serializers.Serializer[dict[str, Any]]):
    """What a worker found below the copy's prefix after its destruction was attested; empty before."""

    at = serializers.DateTimeField(required=False)
    empty = serializers.BooleanField(required=False)
    objects = serializers.IntegerField(required=False, help_text="Objects and old versions that are still there.")
    more = serializers.BooleanField(required=False, help_text="There are more than were counted.")
    keys = serializers.ListField(child=serializers.CharField(), required=False, help_text="The first of them.")
    trouble = serializers.CharField(required=False, help_text="Why nobody could look; else empty.")


class DataAccessSerializer(serializers.ModelSerializer[DataAccess]):
    """What a project may read, for what and until when."""

    id = serializers.CharField()
    project = serializers.CharField(source="project.key")
    dataset = serializers.CharField(source="dataset_id")
    dataset_name = serializers.CharField(source="dataset.name")
    columns = serializers.ListField(child=serializers.CharField(), help_text="Empty: all of them.")
    requested_by = serializers.CharField(source="requested_by.username")
    expires_on = serializers.DateField(allow_null=True, help_text="The day on which it ends; null until it is granted.")
    attested_by = serializers.SerializerMethodField(help_text="Username, or empty.")
    is_checking = serializers.SerializerMethodField(help_text="A worker is to look whether the copy's prefix is empty.")
    check_result = LookSerializer()
    end_reason = serializers.CharField(help_text="expired, revoked or finished; empty until it has ended.")

    class Meta:
        model = DataAccess
        fields = [
            "id", "project", "dataset", "dataset_name", "purpose", "pattern", "columns", "days", "environment",
            "copy_location", "status", "requested_by", "requested_at", "granted_at", "expires_at", "expires_on",
            "ended_at", "end_reason", "note", "attestation", "attested_by", "attested_at", "is_checking",
            "check_result",
        ]  # fmt: skip
        read_only_fields = fields

    def get_attested_by(self, access: DataAccess) -> str:
        return access.attested_by.username if access.attested_by else ""

    def get_is_checking(self, access: DataAccess) -> bool:
        return access.check_requested_at is not None


class DataAccessInput(StrictInput):
    """What a team asks for."""

    project = serializers.CharField(max_length=24, help_text="Key, such as PRJ-12.")
    dataset = serializers.CharField(max_length=26, help_text="Id of the data set.")
    purpose = serializers.CharField(max_length=2000)
    pattern = serializers.ChoiceField(choices=AccessPattern.choices)
    columns = serializers.ListField(
        child=serializers.CharField(max_length=128), required=False, default=list, max_length=500
    )
    days = serializers.IntegerField(min_value=1, max_value=accesses.MAX_DAYS, help_text="From the day it is granted.")
    environment = serializers.CharField(
        max_length=40, required=False, allow_blank=True, default="", help_text="Where a sandbox copy lies."
    )


class RevokeInput(StrictInput):
    """Why it ends before its time."""

    reason = serializers.CharField(max_length=2000)


class AttestInput(StrictInput):
    """What was destroyed, and how."""

    statement = serializers.CharField(max_length=2000)


class DataAccessViewSet(PortalViewSet):
    """Accesses of projects to data sets. The data's owner decides through ``approvals/``."""

    queryset = DataAccess.objects.none()
    serializer_class = DataAccessSerializer
    filterset_class = DataAccessFilter
    ordering = "-id"

    def get_queryset(self) -> QuerySet[DataAccess]:
        return DataAccess.objects.visible_to(self.person).for_list()

    def get_object(self) -> DataAccess:
        found = self.get_queryset().filter(pk=self.kwargs["pk"][:26]).first()
        if found is None:
            raise NotFound("There is no such data access that you may see.")
        return found

    @extend_schema(request=DataAccessInput, responses={201: DataAccessSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for access; the owner of the data set, and security for restricted data, are asked."""
        del args, kwargs
        wanted = DataAccessInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = dict(wanted.validated_data)
        key, dataset = values.pop("project"), values.pop("dataset")
        asked = data_access.ask(project_key=key, dataset_id=dataset, wish=accesses.Wish(**values), actor=self.person)
        return Response(DataAccessSerializer(asked).data, status=201)

    @extend_schema(request=None, responses=DataAccessSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def grant(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Grant what was approved while the project's gate was closed."""
        del request, args, kwargs
        data_access.grant(access_id=self.get_object().pk, actor=self.person)
        return self._answer()

    @extend_schema(request=RevokeInput, responses=DataAccessSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def revoke(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End it before its time; a sandbox copy must then be destroyed."""
        del args, kwargs
        wanted = RevokeInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        data_access.revoke(access_id=self.get_object().pk, actor=self.person, **wanted.validated_data)
        return self._answer()

    @extend_schema(request=AttestInput, responses={202: DataAccessSerializer})
    @action(detail=True, methods=["post"], url_path="attest-destroyed")
    @idempotent
    def attest_destroyed(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that the copy is destroyed; a worker looks, and only an empty prefix closes the access."""
        del args, kwargs
        wanted = AttestInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        data_access.attest_destroyed(access_id=self.get_object().pk, actor=self.person, **wanted.validated_data)
        return self._answer(status=202)

    @extend_schema(responses={200: dict})
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[], url_path="iam-policy")
    def iam_policy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The least IAM policy with which the team reads what was granted."""
        del args, kwargs
        refuse_unknown_parameters(request)
        return Response(accesses.policy_for(self.get_object()))

    def _answer(self, status: int = 200) -> Response:
        return Response(self.get_serializer(self.get_object()).data, status=status)
