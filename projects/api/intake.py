"""How an idea becomes a project, in the API: its concept, work like it, joining instead of repeating."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.errors import NotFound
from projects.api.serializers import CandidateSerializer
from projects.knowledge import with_lessons
from projects.models import Concept, JoinRequest, ProjectRole
from projects.permissions import visible_project
from projects.services import concepts, distinctions, joining
from projects.similar import similar_projects


class ConceptSerializer(serializers.ModelSerializer[Concept]):
    """The short first proposal as it was sent, and what a CoE lead answered."""

    project = serializers.CharField(source="project.key")
    content = serializers.DictField()
    submitted_by = serializers.CharField(source="submitted_by.username")
    decided_by = serializers.SerializerMethodField(help_text="Username, or empty.")

    class Meta:
        model = Concept
        fields = ["project", "state", "content", "submitted_by", "submitted_at", "decided_by", "decided_at", "comment"]
        read_only_fields = fields

    def get_decided_by(self, concept: Concept) -> str:
        return concept.decided_by.username if concept.decided_by else ""


class ToldApartSerializer(CandidateSerializer):
    """A similar project, and why this one does not join it (empty when nobody has said)."""

    explanation = serializers.CharField()


class DistinctionInput(StrictInput):
    other = serializers.CharField(max_length=24, help_text="Key of the similar project.")
    reason = serializers.CharField(max_length=2000, help_text="What is different, in 20 characters or more.")


class JoinInput(StrictInput):
    intake = serializers.CharField(
        max_length=24, allow_blank=True, default="", help_text="Key of one's own intake that is the same idea."
    )
    message = serializers.CharField(max_length=2000, allow_blank=True, default="")


class JoinSerializer(serializers.ModelSerializer[JoinRequest]):
    """The wish to join a project, and what became of it."""

    project = serializers.CharField(source="project.key")
    intake = serializers.SerializerMethodField(help_text="Key, or empty.")
    person = serializers.CharField(source="person.username")
    decided_by = serializers.SerializerMethodField(help_text="Username, or empty.")

    class Meta:
        model = JoinRequest
        fields = [
            "id",
            "project",
            "intake",
            "person",
            "message",
            "state",
            "asked_at",
            "answer",
            "decided_by",
            "decided_at",
        ]
        read_only_fields = fields

    def get_intake(self, request: JoinRequest) -> str:
        return request.intake.key if request.intake else ""

    def get_decided_by(self, request: JoinRequest) -> str:
        return request.decided_by.username if request.decided_by else ""


class JoinDecisionInput(StrictInput):
    """Take somebody in with roles, or refuse with words."""

    accept = serializers.BooleanField()
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ProjectRole.choices), max_length=7, default=list
    )
    answer = serializers.CharField(max_length=2000, allow_blank=True, default="")


class ConceptView(APIView):
    """The concept of an intake: ``POST`` sends what the intake says now, ``DELETE`` takes it back."""

    @extend_schema(responses=ConceptSerializer)
    def get(self, request: Request, key: str) -> Response:
        project = visible_project(person_of(request), key)
        return Response(ConceptSerializer(_concept(project.key, concepts.concept_of(project))).data)

    @extend_schema(request=None, responses={201: ConceptSerializer})
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        sent = concepts.submit_concept(project_key=key, actor=person_of(request))
        return Response(ConceptSerializer(sent).data, status=201)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key: str) -> Response:
        concepts.take_back(project_key=key, actor=person_of(request))
        return Response(status=204)


def _concept(key: str, found: Concept | None) -> Concept:
    if found is None:
        raise NotFound(f"{key} has no concept.")
    return found


class SimilarView(APIView):
    """Work like a project: each with why it is shown; ``POST`` says why this one goes its own way."""

    @extend_schema(operation_id="projects_similar_work_list", responses=ToldApartSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        person = person_of(request)
        project = visible_project(person, key)
        told = dict(project.distinctions.values_list("other_id", "reason"))
        found = with_lessons(similar_projects(person, f"{project.name} {project.summary}", besides=project.pk))
        rows: list[dict[str, Any]] = [
            {**CandidateSerializer(item).data, "explanation": told.get(item.project.pk, "")} for item in found
        ]
        return Response(rows)

    @extend_schema(request=DistinctionInput, responses={201: DistinctionInput})
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = DistinctionInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        told = distinctions.explain(
            project_key=key, other_key=given["other"], reason=given["reason"], actor=person_of(request)
        )
        return Response({"other": told.other.key, "reason": told.reason}, status=201)


class JoinView(APIView):
    """Ask the owner of a project to take the caller in, perhaps with an intake that is the same idea."""

    @extend_schema(request=JoinInput, responses={201: JoinSerializer})
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = JoinInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        asked = joining.ask(
            project_key=key, intake_key=given["intake"], message=given["message"], actor=person_of(request)
        )
        return Response(JoinSerializer(asked).data, status=201)


class JoinRequestsView(APIView):
    """Who wants to join a project, newest first."""

    @extend_schema(responses=JoinSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        project = visible_project(person_of(request), key)
        return Response(JoinSerializer(project.join_requests.for_list()[:200], many=True).data)


class JoinDecideView(APIView):
    """Take somebody in, or refuse with words. An intake they bring is closed as merged."""

    @extend_schema(request=JoinDecisionInput, responses=JoinSerializer)
    @idempotent
    def post(self, request: Request, join_id: str) -> Response:
        wanted = JoinDecisionInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        done = joining.decide(request_id=join_id, actor=person_of(request), **wanted.validated_data)
        return Response(JoinSerializer(done).data)


class JoinWithdrawView(APIView):
    """Take one's own wish back."""

    @extend_schema(request=None, responses=JoinSerializer)
    @idempotent
    def post(self, request: Request, join_id: str) -> Response:
        return Response(JoinSerializer(joining.withdraw(request_id=join_id, actor=person_of(request))).data)
