"""Policies in the API: versions, drafts, dry runs, and projects that move to them."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.parsers import StrictJSONParser
from coe_portal.core.api.views import PortalViewSet, refuse_unknown_parameters
from coe_portal.core.errors import NotAllowed, NotFound
from coe_portal.core.models import Scope
from governance.api.parsers import YamlTextParser
from governance.api.policy_serializers import (
    DryRunSerializer,
    MoveInput,
    MoveManyInput,
    MovePreviewSerializer,
    MoveSerializer,
    MovesSerializer,
    PolicyDetailSerializer,
    PolicyInput,
    PolicySerializer,
    PublishInput,
)
from governance.api.serializers import DifferenceSerializer
from governance.filters import PolicyFilter
from governance.models import PolicyVersion
from governance.policies.schema import POLICY_SCHEMA
from governance.services import dry_runs, moves, policies


class PolicyViewSet(PortalViewSet):
    """Versions of policies. A published one never changes; a new draft becomes the next version."""

    queryset = PolicyVersion.objects.none()
    filterset_class = PolicyFilter
    ordering = "-id"
    required_scopes = dict.fromkeys(("create", "partial_update", "publish", "discard", "migrate"), Scope.ADMIN)
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
        draft = policies.create_draft(source=_source(request), actor=self.person)
        return Response(self.get_serializer(draft).data, status=201)

    @extend_schema(request={"application/json": PolicyInput, "application/yaml": str}, responses=PolicyDetailSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace what a draft says; what is published is refused."""
        del args, kwargs
        source = _source(request)
        with transaction.atomic():
            draft = self.get_object()
            PolicyVersion.objects.select_for_update().get(pk=draft.pk)
            self.check_if_match()
            policies.change_draft(policy_id=draft.pk, source=source, actor=self.person)
        return self.tagged(self.represent(self.get_object()))

    @extend_schema(responses={200: dict})
    @action(
        detail=False, methods=["get"], pagination_class=None, filter_backends=[], url_path="schema", url_name="schema"
    )
    def json_schema(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The JSON Schema of a policy, for editors and for checks before a draft is sent."""
        del args, kwargs
        refuse_unknown_parameters(request)
        return Response(POLICY_SCHEMA)

    @extend_schema(request=PublishInput, responses=PolicyDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def publish(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Publish a draft: it never changes again. New projects are pinned to it unless ``new_projects`` is false."""
        del args, kwargs
        wanted = PublishInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        published = policies.publish(policy_id=self.get_object().pk, actor=self.person, **wanted.validated_data)
        return Response(self.get_serializer(published).data)

    @extend_schema(request=None, responses=PolicyDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def discard(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Throw a draft away; what was published is refused. Its number is not given again and its text is kept."""
        del request, args, kwargs
        discarded = policies.discard(policy_id=self.get_object().pk, actor=self.person)
        return Response(self.get_serializer(discarded).data)

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

    @extend_schema(responses=DryRunSerializer)
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[], url_path="dry-run")
    def dry_run(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What it would change for every project that is under way, compared with what each is pinned to."""
        del args, kwargs
        refuse_unknown_parameters(request)
        if not self.person.reads_everything:
            raise NotAllowed("Only those who see every project try a policy on all of them.")
        return Response(DryRunSerializer(dry_runs.dry_run(self.get_object()).as_json()).data)

    @extend_schema(request=MoveManyInput, responses=MovesSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def migrate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Move these projects to the version, each by itself: what is refused for one does not hold up the others."""
        del args, kwargs
        wanted = MoveManyInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        keys, target = wanted.validated_data["projects"], self.get_object().label
        done = moves.move_many(project_keys=keys, target=target, actor=self.person)
        moved = [MoveSerializer(item.move).data for item in done if item.move]
        refused = [{"project": item.key, "reason": item.refusal} for item in done if item.refusal]
        return Response({"moved": moved, "refused": refused})


def _source(request: Request) -> str:
    wanted = PolicyInput(data=request.data)
    wanted.is_valid(raise_exception=True)
    given = wanted.validated_data
    return str(given["source"]) if "source" in given else policies.as_yaml(given["document"])


class MigratePolicyView(APIView):
    """Move a project to another published version of a policy."""

    @extend_schema(
        parameters=[OpenApiParameter("to", str, required=True, description="Label of the version, such as default:2.")],
        responses=MovePreviewSerializer,
    )
    def get(self, request: Request, key: str) -> Response:
        """What the move would add, remove and change; nothing is written."""
        refuse_unknown_parameters(request, "to")
        target = request.query_params.get("to", "")
        found = moves.preview(project_key=key, target=target, actor=person_of(request))
        source = found.project.policy_version
        return Response(
            {"project": found.project.key, "source": source, "target": found.target.label, **found.as_json()}
        )

    @extend_schema(request=MoveInput, responses=MoveSerializer)
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        """Move it. Answers that still fit stay; open requests for a gate become void and are asked again."""
        wanted = MoveInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        done = moves.move(project_key=key, target=wanted.validated_data["to"], actor=person_of(request))
        return Response(MoveSerializer(done).data)
