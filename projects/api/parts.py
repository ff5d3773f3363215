"""What belongs to one project: checklist, members, responsibilities."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.parsers import StrictJSONParser
from coe_portal.core.api.views import PortalViewSet
from coe_portal.core.errors import NotFound
from projects.api.evidence_serializers import EvidenceInput, EvidenceSerializer
from projects.api.serializers import (
    CriterionPatch,
    CriterionSerializer,
    KindInput,
    MemberInput,
    MemberSerializer,
    ResponsibilityInput,
    ResponsibilitySerializer,
    RolesInput,
    VerdictInput,
)
from projects.filters import CriterionFilter, MemberFilter, ResponsibilityFilter
from projects.models import Criterion, Member, Project, Responsibility
from projects.permissions import visible_project
from projects.services import checklist, evidence, expiry, team


class ProjectPartViewSet(PortalViewSet):
    """A resource below ``projects/{key}/``."""

    @property
    def project(self) -> Project:
        return visible_project(self.person, self.kwargs["key"])


class ChecklistViewSet(ProjectPartViewSet):
    """The policy's questions as this project answers them."""

    queryset = Criterion.objects.none()
    serializer_class = CriterionSerializer
    filterset_class = CriterionFilter
    lookup_field = "code"
    ordering = "position"

    def get_queryset(self) -> QuerySet[Criterion]:
        return Criterion.objects.filter(project=self.project).for_list()

    def get_object(self) -> Criterion:
        found = self.get_queryset().filter(code=self.kwargs["code"]).first()
        if found is None:
            raise NotFound(f"{self.kwargs['key']} has no question “{self.kwargs['code'][:40]}”.")
        return found

    @extend_schema(request=CriterionPatch, responses=CriterionSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Save an answer, however incomplete, or say who answers until when."""
        del args, kwargs
        wanted = CriterionPatch(data=request.data)
        wanted.is_valid(raise_exception=True)
        with transaction.atomic():
            visible_project(self.person, self.kwargs["key"], lock=True)
            self._save(wanted.validated_data)
        return self.tagged(self.represent(self.get_object()))

    def _save(self, values: dict[str, Any]) -> None:
        """Save the answer and the plan, both or neither. Call with the project locked, so that If-Match holds."""
        self.check_if_match()
        current = self.get_object()
        where = {"project_key": self.kwargs["key"], "code": current.code}
        if "answer" in values:
            checklist.answer(
                **where, answer=values["answer"], actor=self.person, expected_version=values.get("version")
            )
        if "owner" in values or "due_on" in values:
            owner = values.get("owner", current.owner.username if current.owner else "")
            due_on = values.get("due_on", current.due_on)
            checklist.plan_criterion(**where, owner=owner, due_on=due_on, actor=self.person)

    @extend_schema(request=EvidenceInput, responses={201: EvidenceSerializer})
    @action(detail=True, methods=["post"], parser_classes=[StrictJSONParser, MultiPartParser])
    @idempotent
    def evidence(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a file (multipart/form-data), a link, a note or a live object that supports the answer."""
        del args
        wanted = EvidenceInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        piece = wanted.piece()
        added = evidence.add(project_key=kwargs["key"], code=kwargs["code"], piece=piece, actor=self.person)
        return Response(EvidenceSerializer(added).data, status=201)

    @extend_schema(request=None, responses=CriterionSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that the answer holds as it stands, after it expired, was sent back or waived."""
        del request, args
        expiry.confirm(project_key=kwargs["key"], code=kwargs["code"], actor=self.person)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=VerdictInput, responses=CriterionSerializer)
    @action(detail=True, methods=["post"])
    def verdict(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Accept the answer or send it back."""
        del args
        wanted = VerdictInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        checklist.give_verdict(
            project_key=kwargs["key"], code=kwargs["code"], actor=self.person, **wanted.validated_data
        )
        return Response(self.get_serializer(self.get_object()).data)


class MemberViewSet(ProjectPartViewSet):
    """The team: people and their roles."""

    queryset = Member.objects.none()
    serializer_class = MemberSerializer
    filterset_class = MemberFilter
    ordering = "joined_at"

    def get_queryset(self) -> QuerySet[Member]:
        return Member.objects.filter(project=self.project).for_list()

    @extend_schema(request=MemberInput, responses={201: MemberSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a colleague; adding them again sets their roles."""
        del args
        wanted = MemberInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        member = team.add_member(
            project_key=kwargs["key"],
            username=wanted.validated_data["user"],
            roles=list(wanted.validated_data["roles"]),
            actor=self.person,
        )
        return Response(MemberSerializer(member).data, status=201)

    @extend_schema(request=RolesInput, responses=MemberSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace the member's roles."""
        del args
        wanted = RolesInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        with transaction.atomic():
            visible_project(self.person, kwargs["key"], lock=True)
            self.check_if_match()
            member = team.set_roles(
                project_key=kwargs["key"],
                member_id=kwargs["pk"],
                roles=list(wanted.validated_data["roles"]),
                actor=self.person,
            )
        return self.tagged(self.represent(member))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the person out of the team."""
        del request, args
        team.remove_member(project_key=kwargs["key"], member_id=kwargs["pk"], actor=self.person)
        return Response(status=204)


class ResponsibilityViewSet(ProjectPartViewSet):
    """Who is responsible, accountable, consulted, informed, by area of work."""

    queryset = Responsibility.objects.none()
    serializer_class = ResponsibilitySerializer
    filterset_class = ResponsibilityFilter
    ordering = "id"

    def get_queryset(self) -> QuerySet[Responsibility]:
        return Responsibility.objects.filter(member__project=self.project)

    @extend_schema(request=ResponsibilityInput, responses={201: ResponsibilitySerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say what a member is for an area; naming somebody accountable relieves who was before."""
        del args
        wanted = ResponsibilityInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = wanted.validated_data
        duty = team.set_responsibility(
            project_key=kwargs["key"],
            member_id=values["member"],
            work_area=values["work_area"],
            kind=values["kind"],
            actor=self.person,
        )
        return Response(ResponsibilitySerializer(duty).data, status=201)

    @extend_schema(request=KindInput, responses=ResponsibilitySerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change what the member is for the area."""
        del args, kwargs
        wanted = KindInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        return self.tagged(self.represent(self._set_kind(wanted.validated_data["kind"])))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the responsibility away."""
        del request, args, kwargs
        self._set_kind("")
        return Response(status=204)

    @transaction.atomic
    def _set_kind(self, kind: str) -> Responsibility | None:
        """Change or, with an empty kind, remove. The project is locked, so that If-Match holds."""
        key = self.kwargs["key"]
        visible_project(self.person, key, lock=True)
        self.check_if_match()
        duty = self.get_object()
        return team.set_responsibility(
            project_key=key, member_id=duty.member_id, work_area=duty.work_area, kind=kind, actor=self.person
        )

    def get_object(self) -> Responsibility:
        duty = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if duty is None:
            raise NotFound(f"{self.kwargs['key']} has no such responsibility.")
        return duty
