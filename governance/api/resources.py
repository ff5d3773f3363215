"""Approvals in the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.exceptions import CONTENT_TYPE, problem
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.views import PortalViewSet
from coe_portal.core.errors import NotFound
from coe_portal.core.models import Scope
from governance.api.serializers import (
    AnswerInput,
    ApprovalDetailSerializer,
    ApprovalSerializer,
    AskInput,
    DecisionInput,
)
from governance.filters import ApprovalFilter
from governance.models import ApprovalRequest, ApprovalState
from governance.services import approvals

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
