"""Policies and approvals in the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.exceptions import CONTENT_TYPE, problem
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.parsers import StrictJSONParser
from coe_portal.core.api.views import PortalViewSet, refuse_unknown_parameters
from coe_portal.core.errors import NotFound
from coe_portal.core.models import Scope
from governance.api.parsers import YamlTextParser
from governance.api.serializers import (
    AnswerInput,
    ApprovalDetailSerializer,
    ApprovalSerializer,
    AskInput,
    DecisionInput,
    DifferenceSerializer,
    PolicyDetailSerializer,
    PolicyInput,
    PolicySerializer,
)
from governance.filters import ApprovalFilter, PolicyFilter
from governance.models import ApprovalRequest, ApprovalState, PolicyVersion
from governance.policies.schema import POLICY_SCHEMA
from governance.services import approvals, policies

VOID = "What was asked for changed after it was asked, so the request is void. Ask again for what is there now."


class ApprovalViewSet(PortalViewSet):
    """Approval requests; ``?waiting_on=me`` are those that the caller may decide now."""

    queryset = ApprovalRequest.objects.none()
    filterset_class = ApprovalFilter
    ordering = "-id"
    ordering_fields = ("id", "due_at", "created_at")
    required_scopes = {"decide": Scope.DECIDE, "ask": Scope.DECIDE}

    def get_queryset(self) -> QuerySet[ApprovalRequest]:
        return ApprovalRequest.objects.visible_to(self.person).for_list().defer("specification")

    def get_serializer_class(self) -> Any:
        return ApprovalSerializer if self.action == "list" else ApprovalDetailSerializer

    def get_object(self) -> ApprovalRequest:
        found = ApprovalRequest.objects.visible_to(self.person).for_list().by_key(self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(f"There is no approval request {self.kwargs['pk'][:20]} that you may see.")
        return found

    @extend_schema(request=DecisionInput, responses=ApprovalDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def decide(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Record the caller's verdict on the open step."""
        del args, kwargs
        wanted = DecisionInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        decided = approvals.decide(request_id=self.get_object().pk, actor=self.person, **wanted.validated_data)
        if decided.state == ApprovalState.VOID:  # answered, not raised: the state void must be kept
            return Response(problem("void", VOID, 409), status=409, content_type=CONTENT_TYPE)
        return self._answer()

    @extend_schema(request=None, responses=ApprovalDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def withdraw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the request back; the project can be changed again."""
        del request, args, kwargs
        approvals.withdraw(request_id=self.get_object().pk, actor=self.person)
        return self._answer()

    @extend_schema(request=AskInput, responses=ApprovalDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def ask(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask the requester a question; the clock stands still until it is answered."""
        del args, kwargs
        wanted = AskInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        approvals.ask(request_id=self.get_object().pk, actor=self.person, **wanted.validated_data)
        return self._answer()

    @extend_schema(request=AnswerInput, responses=ApprovalDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def answer(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer an approver's question; after the last answer the clock goes on."""
        del args, kwargs
        wanted = AnswerInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        approvals.answer(
            request_id=self.get_object().pk, question_id=given["question"], text=given["text"], actor=self.person
        )
        return self._answer()

    def _answer(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class PolicyViewSet(PortalViewSet):
    """Versions of policies. A published one never changes; a new draft becomes the next version."""

    queryset = PolicyVersion.objects.none()
    filterset_class = PolicyFilter
    ordering = "-id"
    required_scopes = {"create": Scope.ADMIN, "publish": Scope.ADMIN}
    parser_classes = [StrictJSONParser, YamlTextParser]

    def get_queryset(self) -> QuerySet[PolicyVersion]:
        return PolicyVersion.objects.visible_to(self.person)

    def get_serializer_class(self) -> Any:
        return PolicySerializer if self.action == "list" else PolicyDetailSerializer

    def get_object(self) -> PolicyVersion:
        return self._version(self.kwargs["pk"])

    def _version(self, name: str) -> PolicyVersion:
        rows = PolicyVersion.objects.visible_to(self.person)
        found = rows.filter(pk=name[:26]).first() or rows.labelled(name).first()
        if found is None:
            raise NotFound(f"There is no policy version {name[:50]} that you may see.")
        return found

    @extend_schema(
        request={"application/json": PolicyInput, "application/yaml": str}, responses={201: PolicyDetailSerializer}
    )
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check a policy, given as YAML or JSON, and keep it as the next draft."""
        del args, kwargs
        wanted = PolicyInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        source = given["source"] if "source" in given else policies.as_yaml(given["document"])
        draft = policies.create_draft(source=source, actor=self.person)
        return Response(self.get_serializer(draft).data, status=201)

    @extend_schema(responses={200: dict})
    @action(
        detail=False, methods=["get"], pagination_class=None, filter_backends=[], url_path="schema", url_name="schema"
    )
    def json_schema(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The JSON Schema of a policy, for editors and for checks before a draft is sent."""
        del args, kwargs
        refuse_unknown_parameters(request)
        return Response(POLICY_SCHEMA)

    @extend_schema(request=None, responses=PolicyDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def publish(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Publish a draft: it never changes again, and new projects are pinned to it."""
        del request, args, kwargs
        return Response(self.get_serializer(policies.publish(policy_id=self.get_object().pk, actor=self.person)).data)

    @extend_schema(
        parameters=[OpenApiParameter("to", str, required=True, description="Id or label of the other version.")],
        responses=DifferenceSerializer(many=True),
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def diff(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What changes from this version to the one named in ``to``."""
        del args, kwargs
        refuse_unknown_parameters(request, "to")
        other = self._version(request.query_params.get("to", ""))
        return Response([item.as_json() for item in policies.changes_between(self.get_object(), other)])
