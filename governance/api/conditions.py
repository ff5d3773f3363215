"""Conditions of approvals in the API."""

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
from coe_portal.core.models import Scope
from governance.filters import ConditionFilter
from governance.models import Condition
from governance.services import conditions


class ConditionSerializer(serializers.ModelSerializer[Condition]):
    """What was promised, by whom it has to be done, and until when."""

    project = serializers.CharField(source="project.key")
    approval = serializers.CharField(source="request.key")
    owner = serializers.CharField(source="owner.username")
    set_by = serializers.CharField(source="decision.actor.username")
    closed_by = serializers.SerializerMethodField(help_text="Username, or empty.")

    class Meta:
        model = Condition
        fields = [
            "id", "project", "approval", "text", "owner", "due_on", "state", "is_overdue", "set_by", "note",
            "closed_by", "closed_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_closed_by(self, condition: Condition) -> str:
        return condition.closed_by.username if condition.closed_by else ""


class MeetInput(StrictInput):
    """How it was met."""

    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class ConditionViewSet(PortalViewSet):
    """Conditions under which something was approved."""

    queryset = Condition.objects.none()
    serializer_class = ConditionSerializer
    filterset_class = ConditionFilter
    ordering = "due_on"
    required_scopes = {"meet": Scope.DECIDE}

    def get_queryset(self) -> QuerySet[Condition]:
        return Condition.objects.visible_to(self.person).for_list()

    def get_object(self) -> Condition:
        found = self.get_queryset().filter(pk=self.kwargs["pk"][:26]).first()
        if found is None:
            raise NotFound("There is no such condition that you may see.")
        return found

    @extend_schema(request=MeetInput, responses=ConditionSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def meet(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that it is met; who set it and CoE leads may."""
        del args, kwargs
        wanted = MeetInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        conditions.meet(condition_id=self.get_object().pk, actor=self.person, **wanted.validated_data)
        return Response(self.get_serializer(self.get_object()).data)
