"""The register of data sets in the API."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import PortalViewSet
from coe_portal.core.errors import NotFound
from projects.filters import DatasetFilter
from projects.models import DataClassification, Dataset, Readiness
from projects.services import datasets


class ColumnSerializer(serializers.Serializer[dict[str, str]]):
    """One column. A class that is left out is that of the whole data set."""

    name = serializers.CharField(max_length=128)
    classification = serializers.ChoiceField(
        choices=DataClassification.choices, required=False, allow_blank=True, default=""
    )
    description = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """What data there is, who decides about it, how strict its class is and where it lies."""

    id = serializers.CharField()
    owner = serializers.CharField(source="owner.username", help_text="Username of who decides about access.")
    business_unit = serializers.CharField(source="business_unit_id")
    columns = ColumnSerializer(many=True)

    class Meta:
        model = Dataset
        fields = [
            "id", "name", "description", "owner", "business_unit", "classification", "labelled_share", "location",
            "environment", "readiness", "columns", "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = fields


class DatasetPatch(StrictInput):
    """Fields of an entry that change."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    owner = serializers.CharField(max_length=64, required=False)
    business_unit = serializers.CharField(max_length=26, required=False)
    classification = serializers.ChoiceField(choices=DataClassification.choices, required=False)
    labelled_share = serializers.DecimalField(
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
        required=False,
        allow_null=True,
        help_text="Percent.",
    )
    location = serializers.CharField(max_length=1024, required=False, help_text="s3://bucket/prefix/")
    environment = serializers.CharField(max_length=40, required=False, allow_blank=True, help_text="Name, or empty.")
    readiness = serializers.ChoiceField(choices=Readiness.choices, required=False)
    columns = ColumnSerializer(many=True, required=False)


class DatasetInput(DatasetPatch):
    """A new entry; the caller owns it when ``owner`` is left out."""

    name = serializers.CharField(max_length=120)
    business_unit = serializers.CharField(max_length=26)
    classification = serializers.ChoiceField(choices=DataClassification.choices)
    location = serializers.CharField(max_length=1024, help_text="s3://bucket/prefix/")


class DatasetViewSet(PortalViewSet):
    """The register of data sets: everybody reads it, to read the data itself takes a granted access."""

    queryset = Dataset.objects.none()
    serializer_class = DatasetSerializer
    filterset_class = DatasetFilter
    ordering = "name"
    ordering_fields = ("name", "updated_at")

    def get_queryset(self) -> QuerySet[Dataset]:
        return Dataset.objects.for_list()

    def get_object(self) -> Dataset:
        found = self.get_queryset().filter(pk=self.kwargs["pk"][:26]).first()
        if found is None:
            raise NotFound("There is no such data set in the register.")
        return found

    @extend_schema(request=DatasetInput, responses={201: DatasetSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Register a data set."""
        del args, kwargs
        wanted = DatasetInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = datasets.register(values=_plain(wanted.validated_data), actor=self.person)
        return Response(DatasetSerializer(made).data, status=201)

    @extend_schema(request=DatasetPatch, responses=DatasetSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change an entry; what a project has access to keeps its place and its class."""
        del args, kwargs
        wanted = DatasetPatch(data=request.data)
        wanted.is_valid(raise_exception=True)
        with transaction.atomic():
            dataset = datasets.locked(self.kwargs["pk"])
            self.check_if_match()
            datasets.change(dataset_id=dataset.pk, values=_plain(wanted.validated_data), actor=self.person)
        return self.tagged(self.represent(self.get_object()))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take an entry out that nobody ever asked for."""
        del request, args
        datasets.remove(dataset_id=kwargs["pk"], actor=self.person)
        return Response(status=204)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    if "columns" in values:
        return values | {"columns": [dict(column) for column in values["columns"]]}
    return values
