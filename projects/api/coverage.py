"""Who could help, what was left over, what people can do: the team's resources besides members and matrix."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import PortalViewSet
from coe_portal.core.errors import NotFound
from projects.api.parts import ProjectPartViewSet
from projects.coverage import Gap
from projects.duties import words
from projects.filters import HandoverFilter, SkillFilter
from projects.models import Handover, Project, Skill, SkillLevel
from projects.models.skills import SUBJECTS
from projects.services import gaps, skills


class HelperSerializer(serializers.Serializer[Any]):
    """Somebody who could fill a gap."""

    user = serializers.CharField(source="person.username", help_text="Username.")
    level = serializers.IntegerField(help_text="1 basic, 2 practised, 3 expert.")
    note = serializers.CharField()
    in_team = serializers.BooleanField()


class GapSerializer(serializers.Serializer[Any]):
    """Something the team lacks."""

    code = serializers.CharField()
    message = serializers.CharField()
    how_to_fix = serializers.CharField()
    work_area = serializers.CharField()
    blocks = serializers.ListField(child=serializers.CharField(), help_text="Titles of the gates that wait for it.")
    helpers = HelperSerializer(many=True)


class CoverageSerializer(serializers.Serializer[Any]):
    """Does somebody answer for every area of work?"""

    complete = serializers.BooleanField()
    gaps = GapSerializer(many=True)


def coverage_of(project: Project) -> dict[str, Any]:
    """The document of ``CoverageSerializer``."""
    members = list(project.members.for_list())
    found = gaps.coverage_gaps(project, members)
    helpers = skills.who_could_help(found, members)
    return {"complete": not found, "gaps": [_with_helpers(gap, helpers) for gap in found]}


def _with_helpers(gap: Gap, helpers: dict[str, list[skills.Helper]]) -> dict[str, Any]:
    names = ("code", "message", "how_to_fix", "work_area", "blocks")
    return {name: getattr(gap, name) for name in names} | {"helpers": helpers.get(skills.subject_of(gap), [])}


class DutySerializer(serializers.Serializer[Any]):
    """A duty that nobody holds."""

    code = serializers.CharField(help_text="Such as accountable:model_monitoring, role:domain_expert, sponsor.")
    words = serializers.CharField(help_text="Such as “is accountable for model monitoring”.")


class HandoverSerializer(serializers.ModelSerializer[Handover]):
    """What somebody who left answered for and nobody answers for yet."""

    person = serializers.CharField(source="person.username")
    duties = serializers.SerializerMethodField()

    class Meta:
        model = Handover
        fields = ["id", "person", "reason", "duties", "state", "created_at", "done_at"]
        read_only_fields = fields

    @extend_schema_field(DutySerializer(many=True))
    def get_duties(self, row: Handover) -> list[dict[str, str]]:
        return [{"code": duty, "words": words(duty)} for duty in row.duties]


class HandoverViewSet(ProjectPartViewSet):
    """Orphaned duties, until others hold them."""

    queryset = Handover.objects.none()
    serializer_class = HandoverSerializer
    filterset_class = HandoverFilter
    ordering = "-created_at"

    def get_queryset(self) -> QuerySet[Handover]:
        return Handover.objects.filter(project=self.project).for_list()

    def get_object(self) -> Handover:
        row = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotFound(f"{self.kwargs['key']} has no such handover.")
        return row


class SkillSerializer(serializers.ModelSerializer[Skill]):
    """How well a person knows an area of work."""

    said_by = serializers.CharField(source="said_by.username")

    class Meta:
        model = Skill
        fields = ["id", "subject", "level", "note", "said_by", "said_at"]
        read_only_fields = fields


class SkillInput(StrictInput):
    """A skill; saying it again replaces it."""

    subject = serializers.ChoiceField(choices=SUBJECTS)
    level = serializers.ChoiceField(choices=SkillLevel.choices)
    note = serializers.CharField(max_length=120, allow_blank=True, default="")


class SkillViewSet(PortalViewSet):
    """What a colleague can do."""

    queryset = Skill.objects.none()
    serializer_class = SkillSerializer
    filterset_class = SkillFilter
    ordering = "subject"

    def get_queryset(self) -> QuerySet[Skill]:
        return Skill.objects.of_colleagues().filter(person__username=self.kwargs["username"]).for_list()

    def get_object(self) -> Skill:
        row = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotFound("There is no such skill of this person.")
        return row

    @extend_schema(request=SkillInput, responses={201: SkillSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say how well the person knows an area; saying it again replaces it."""
        del args
        wanted = SkillInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        skill = skills.set_skill(username=kwargs["username"], actor=self.person, **wanted.validated_data)
        return Response(SkillSerializer(skill).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the skill away."""
        del request, args
        skills.set_skill(username=kwargs["username"], subject=self.get_object().subject, level=0, actor=self.person)
        return Response(status=204)
