"""The kernel's own resources: people, the caller, tokens, the audit trail."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core import inbox
from coe_portal.core.api.auth import person_of
from coe_portal.core.api.serializers import (
    AuditEntrySerializer,
    AuditStateSerializer,
    CreatedTokenSerializer,
    MeSerializer,
    TokenInput,
    TokenSerializer,
    UserSerializer,
)
from coe_portal.core.api.views import PortalViewSet, refuse_unknown_parameters
from coe_portal.core.errors import NotAllowed
from coe_portal.core.filters import AuditFilter, UserFilter
from coe_portal.core.models import ApiToken, AuditEntry, Scope, User
from coe_portal.core.permissions import audit_visible_to
from coe_portal.core.services import tokens, verification


class UserViewSet(PortalViewSet):
    """Colleagues, by username."""

    queryset = User.objects.none()
    serializer_class = UserSerializer
    filterset_class = UserFilter
    lookup_field = "username"
    ordering = "username"
    ordering_fields = ("username", "display_name")

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.active()


class AuditViewSet(PortalViewSet):
    """What happened. CoE leads, executives and auditors read everything; others what they did themselves."""

    queryset = AuditEntry.objects.none()
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilter
    ordering = "-id"

    def get_queryset(self) -> QuerySet[AuditEntry]:
        return audit_visible_to(self.person).for_list()

    @extend_schema(
        methods=["get"],
        parameters=[OpenApiParameter("expect", str, description="A head that was noted earlier, NUMBER:HASH.")],
        responses=AuditStateSerializer,
    )
    @extend_schema(methods=["post"], request=None, responses={202: AuditStateSerializer})
    @action(detail=False, methods=["get", "post"], pagination_class=None, filter_backends=[])
    def verify(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How far the trail is sealed and what the last check found; POST has the whole chain checked now."""
        del args, kwargs
        if reason := verification.may_check(self.person):
            raise NotAllowed(reason)
        refuse_unknown_parameters(request, "expect")
        expect = request.query_params.get("expect", "")
        if request.method == "POST":
            verification.ask(actor=self.person)
        told = vars(verification.state()) | {"expected": verification.holds(expect) if expect else None}
        return Response(AuditStateSerializer(told).data, status=202 if request.method == "POST" else 200)


class TokenViewSet(PortalViewSet):
    """The caller's own API tokens."""

    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer
    ordering = "-created_at"

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user=self.person)

    @extend_schema(request=TokenInput, responses={201: CreatedTokenSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a token. It is shown in this answer only, so the answer is kept nowhere and no key repeats it."""
        wanted = TokenInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        scopes = list(wanted.validated_data["scopes"])
        tokens.refuse_wider_scopes(scopes, held=request.auth.scopes if isinstance(request.auth, ApiToken) else None)
        row, token = tokens.create_token(
            user=self.person,
            scopes=scopes,
            days=wanted.validated_data["days"],
            name=wanted.validated_data["name"],
            actor=self.person,
        )
        return Response({**TokenSerializer(row).data, "token": token}, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        del request, args
        tokens.revoke_token(token_id=kwargs["pk"], actor=self.person)
        return Response(status=204)


class MeView(APIView):
    """Who am I, what may this token do, and how much waits for me?"""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        user = person_of(request)
        scopes = request.auth.scopes if isinstance(request.auth, ApiToken) else list(Scope.values)
        person = UserSerializer(user).data
        return Response({"user": person, "roles": person["roles"], "scopes": scopes, "counts": inbox.counts(user)})
