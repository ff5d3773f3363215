"""Delegations in the API: who decides for whom."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import PortalViewSet
from coe_portal.core.models import Scope
from governance.filters import DelegationFilter
from governance.models import Delegation
from governance.services import delegations


class DelegationSerializer(serializers.ModelSerializer[Delegation]):
    """From whom to whom, from when to when, about what."""

    to = serializers.CharField(source="delegate.username", help_text="Username of the person who decides.")
    scope = serializers.CharField(help_text="all, action:<name or its beginning>, or business_unit:<id>.")
    state = serializers.ChoiceField(choices=["planned", "active", "ended"])

    class Meta:
        model = Delegation
        fields = ["id", "to", "starts_on", "ends_on", "scope", "state", "created_at", "ended_at"]
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        given_by = serializers.CharField(source="principal.username", help_text="Username of the giver.")
        return {"from": given_by, **super().get_fields()}  # “from” cannot be an attribute in Python


class DelegationInput(StrictInput):
    """A new delegation of the caller."""

    to = serializers.CharField(max_length=64, help_text="Username of the colleague who decides.")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="The last day on which it holds.")
    scope = serializers.CharField(max_length=80, default="all")


class DelegationViewSet(PortalViewSet):
    """The caller's delegations, given and received; ``DELETE`` ends one early, it stays in the list."""

    queryset = Delegation.objects.none()
    serializer_class = DelegationSerializer
    filterset_class = DelegationFilter
    ordering = "-id"
    required_scopes = {"create": Scope.DECIDE, "destroy": Scope.DECIDE}

    def get_queryset(self) -> QuerySet[Delegation]:
        return Delegation.objects.visible_to(self.person).for_list()

    @extend_schema(request=DelegationInput, responses={201: DelegationSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let a colleague decide for the caller for a time."""
        del args, kwargs
        wanted = DelegationInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = delegations.delegate(actor=self.person, **wanted.validated_data)
        return Response(DelegationSerializer(made).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End it before its last day."""
        del request, args
        delegations.end(delegation_id=kwargs["pk"], actor=self.person)
        return Response(status=204)
