"""Asking for a waiver in the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from governance.api.serializers import ApprovalSerializer
from governance.models import ApprovalRequest
from governance.services import waivers


class WaiveInput(StrictInput):
    """Until when the criterion may pass, and why."""

    ends_on = serializers.DateField(help_text="The last day; at most 180 days ahead.")
    reason = serializers.CharField(min_length=20, max_length=2000)


class WaiveView(APIView):
    """Ask to let one criterion pass until a day; whom the policy names decides."""

    @extend_schema(request=WaiveInput, responses={201: ApprovalSerializer})
    @idempotent
    def post(self, request: Request, key: str, code: str) -> Response:
        wanted = WaiveInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = waivers.ask(project_key=key, code=code, actor=person_of(request), **wanted.validated_data)
        approval = ApprovalRequest.objects.for_list().get(pk=asked.pk)
        return Response(ApprovalSerializer(approval).data, status=201)
