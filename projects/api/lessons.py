"""Lessons in the API: read by everybody, written by who took part."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import PortalViewSet, refuse_unknown_parameters
from coe_portal.core.errors import NotFound
from projects.filters import LessonFilter
from projects.knowledge import lessons_alike
from projects.models import Lesson, LessonKind
from projects.services import lessons


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    """Something that a project learnt."""

    project = serializers.CharField(source="project.key")
    written_by = serializers.CharField(source="written_by.username")
    tags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Lesson
        fields = ["id", "project", "kind", "title", "text", "tags", "written_by", "written_at", "changed_at"]
        read_only_fields = fields


class LessonAlikeSerializer(LessonSerializer):
    """A lesson that helps with what somebody describes, and why it is given."""

    reason = serializers.CharField()

    class Meta(LessonSerializer.Meta):
        fields = [*LessonSerializer.Meta.fields, "reason"]
        read_only_fields = fields


class LessonPatch(StrictInput):
    """What is written anew; what is left out stays."""

    kind = serializers.ChoiceField(choices=LessonKind.choices, required=False)
    title = serializers.CharField(max_length=lessons.MAX_TITLE, required=False)
    text = serializers.CharField(max_length=lessons.MAX_TEXT, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=lessons.MAX_TAG), max_length=lessons.MAX_TAGS, required=False
    )


class LessonInput(StrictInput):
    """A lesson of a project."""

    project = serializers.CharField(max_length=24, help_text="Project key.")
    kind = serializers.ChoiceField(choices=LessonKind.choices)
    title = serializers.CharField(max_length=lessons.MAX_TITLE)
    text = serializers.CharField(max_length=lessons.MAX_TEXT)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=lessons.MAX_TAG), max_length=lessons.MAX_TAGS, default=list
    )


class LessonViewSet(PortalViewSet):
    """What projects learnt. Everybody reads; the team and CoE leads write, also after the project's end."""

    queryset = Lesson.objects.none()
    serializer_class = LessonSerializer
    filterset_class = LessonFilter
    ordering = "-id"

    def get_queryset(self) -> QuerySet[Lesson]:
        return Lesson.objects.for_list()

    def get_object(self) -> Lesson:
        found = self.get_queryset().filter(pk=self.kwargs["pk"][:26]).first()
        if found is None:
            raise NotFound("There is no such lesson.")
        return found

    @extend_schema(
        parameters=[OpenApiParameter("text", str, required=True)],
        responses=LessonAlikeSerializer(many=True),
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def alike(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """At most four lessons for whoever begins what the text describes, also of projects that they may not see."""
        del args, kwargs
        refuse_unknown_parameters(request, "text")
        found = lessons_alike(self.person, request.query_params.get("text", ""))
        return Response([LessonSerializer(known.lesson).data | {"reason": known.reason} for known in found])

    @extend_schema(request=LessonInput, responses={201: LessonSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Share a lesson; the last one that an ended project owes closes it."""
        del args, kwargs
        wanted = LessonInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = dict(wanted.validated_data)
        done = lessons.give_lesson(project_key=given.pop("project"), actor=self.person, **given)
        return Response(self.get_serializer(self.get_queryset().get(pk=done.pk)).data, status=201)

    @extend_schema(request=LessonPatch, responses=LessonSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Write it anew; only who wrote it and CoE leads."""
        del args, kwargs
        wanted = LessonPatch(data=request.data)
        wanted.is_valid(raise_exception=True)
        self.check_if_match()
        lessons.change_lesson(lesson_id=self.get_object().pk, changes=wanted.validated_data, actor=self.person)
        return self.tagged(self.represent(self.get_object()))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Withdraw it; refused for one that its ended project owes."""
        del request, args, kwargs
        lessons.withdraw_lesson(lesson_id=self.get_object().pk, actor=self.person)
        return Response(status=204)
