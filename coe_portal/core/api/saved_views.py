"""Saved views in the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import PortalViewSet
from coe_portal.core.errors import NotFound
from coe_portal.core.filters import SavedViewFilter
from coe_portal.core.models import SavedView, SavedViewPage
from coe_portal.core.services import saved_views


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    """A page with its query string, under a name."""

    owner = serializers.CharField(source="owner.username")

    class Meta:
        model = SavedView
        fields = ["id", "name", "page", "query", "is_shared", "owner", "created_at"]
        read_only_fields = fields


class SavedViewInput(StrictInput):
    """A view to keep; the same name again replaces what it showed."""

    name = serializers.CharField(max_length=60, min_length=2)
    page = serializers.ChoiceField(choices=SavedViewPage.choices, default=SavedViewPage.PORTFOLIO)
    query = serializers.CharField(max_length=1000, allow_blank=True, default="", help_text="As in the address.")
    is_shared = serializers.BooleanField(default=False)


class SavedViewPatch(StrictInput):
    """Another name, or whether everybody sees it."""

    name = serializers.CharField(max_length=60, min_length=2, required=False)
    is_shared = serializers.BooleanField(required=False)


class SavedViewViewSet(PortalViewSet):
    """One's own views and the shared ones."""

    queryset = SavedView.objects.none()
    serializer_class = SavedViewSerializer
    filterset_class = SavedViewFilter
    ordering = "name"

    def get_queryset(self) -> QuerySet[SavedView]:
        return SavedView.objects.visible_to(self.person).for_list()

    def get_object(self) -> SavedView:
        view = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if view is None:
            raise NotFound("There is no such view that you may see.")
        return view

    @extend_schema(request=SavedViewInput, responses={201: SavedViewSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Keep a view."""
        del args, kwargs
        wanted = SavedViewInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        view = saved_views.save_view(**wanted.validated_data, actor=self.person)
        return Response(SavedViewSerializer(view).data, status=201)

    @extend_schema(request=SavedViewPatch, responses=SavedViewSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Rename a view, share it or stop sharing it."""
        del args
        wanted = SavedViewPatch(data=request.data)
        wanted.is_valid(raise_exception=True)
        self.check_if_match()
        now = self.get_object()
        values = {"name": now.name, "is_shared": now.is_shared} | wanted.validated_data
        saved_views.change_view(view_id=kwargs["pk"], **values, actor=self.person)
        return self.tagged(self.represent(self.get_object()))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a view away."""
        del request, args
        saved_views.remove_view(view_id=kwargs["pk"], actor=self.person)
        return Response(status=204)
