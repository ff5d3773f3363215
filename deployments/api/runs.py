"""Runs and their price."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.views import PortalViewSet, refuse_unknown_parameters
from coe_portal.core.errors import NotFound
from coe_portal.core.models import User
from deployments.api import representations
from deployments.api.inputs import CloneInput, RunInput
from deployments.api.outputs import (
    ComparisonSerializer,
    EstimateSerializer,
    FindingsSerializer,
    LogsSerializer,
    MetricsSerializer,
    RunSerializer,
    TimelineSerializer,
)
from deployments.filters import RunFilter
from deployments.models import Run, RunOutput
from deployments.services import comparison, estimates, runs
from deployments.services.specification import Wish


class RunViewSet(PortalViewSet):
    """Work on AWS. Launching answers at once; workers take it to AWS, so poll the run until its state is final."""

    queryset = Run.objects.none()
    serializer_class = RunSerializer
    filterset_class = RunFilter
    ordering = "-id"
    ordering_fields = ("id", "created_at")

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: QuerySet[Any, Any] = Run.objects.visible_to(self.person).values(*representations.RUN_COLUMNS)
        return rows

    def serialize_many(self, rows: Any) -> Any:
        return [representations.run_data(row) for row in rows]

    @extend_schema(request=RunInput, responses={201: RunSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Launch a run. Without an ``Idempotency-Key`` the same launch within five seconds is answered with its run."""
        del args, kwargs
        if not request.headers.get("Idempotency-Key"):
            return _answer(runs.launch_once(wish=_wish(request), actor=self.person))
        run = runs.launch_run(wish=_wish(request), actor=self.person)
        return Response(representations.run_of(run), status=201)

    def get_object(self) -> Any:
        row = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotFound("There is no such run that you may see.")
        return row

    def represent(self, obj: Any) -> Any:
        return representations.run_data(obj)

    @extend_schema(request=None, responses={200: RunSerializer, 202: RunSerializer})
    @action(detail=True, methods=["post"])
    @idempotent
    def stop(self, request: Request, pk: str) -> Response:
        """Ask for the run's end: 200 when it ended at once, 202 when a worker has to stop it on AWS."""
        del request
        run = runs.stop_run(run_id=pk, actor=self.person)
        return Response(representations.run_of(run), status=200 if run.is_final else 202)

    @extend_schema(request=None, responses={201: RunSerializer})
    @action(detail=True, methods=["post"])
    @idempotent
    def retry(self, request: Request, pk: str) -> Response:
        """Run the same specification again, as the next attempt."""
        del request
        return Response(representations.run_of(runs.retry_run(run_id=pk, actor=self.person)), status=201)

    @extend_schema(request=CloneInput, responses={201: RunSerializer})
    @action(detail=True, methods=["post"])
    @idempotent
    def clone(self, request: Request, pk: str) -> Response:
        """Launch a new run from this one's specification, with the changes that are sent."""
        changes = CloneInput(data=request.data or {})
        changes.is_valid(raise_exception=True)
        if not request.headers.get("Idempotency-Key"):
            return _answer(runs.clone_once(run_id=pk, actor=self.person, changes=changes.validated_data))
        run = runs.clone_run(run_id=pk, actor=self.person, changes=changes.validated_data)
        return Response(representations.run_of(run), status=201)

    @extend_schema(responses=LogsSerializer)
    @action(detail=True)
    def logs(self, request: Request, pk: str) -> Response:
        """The log so far. Asking has workers fetch news."""
        del request
        run = self._looked_at(pk)
        return Response(representations.logs_data(RunOutput.objects.filter(run=run).first()))

    @extend_schema(responses=MetricsSerializer)
    @action(detail=True)
    def metrics(self, request: Request, pk: str) -> Response:
        """Final values and curves. Asking has workers fetch news."""
        del request
        run = self._looked_at(pk)
        return Response(representations.metrics_data(run, RunOutput.objects.filter(run=run).defer("log").first()))

    @extend_schema(responses=TimelineSerializer)
    @action(detail=True)
    def timeline(self, request: Request, pk: str) -> Response:
        """AWS's secondary states, oldest first."""
        del request
        return Response({"results": runs.visible_run(run_id=pk, actor=self.person).timeline})

    @extend_schema(responses=FindingsSerializer)
    @action(detail=True)
    def findings(self, request: Request, pk: str) -> Response:
        """What rules found while they watched the run."""
        del request
        runs.visible_run(run_id=pk, actor=self.person)
        return Response({"state": "no_rules", "results": []})

    @extend_schema(
        responses=ComparisonSerializer,
        parameters=[
            OpenApiParameter("ids", OpenApiTypes.STR, required=True, description="2 to 5 ids, comma separated.")
        ],
    )
    @action(detail=False)
    def compare(self, request: Request) -> Response:
        """Runs side by side."""
        refuse_unknown_parameters(request, "ids")
        ids = [part.strip() for part in request.query_params.get("ids", "").split(",") if part.strip()]
        return Response(representations.comparison_data(comparison.compare(run_ids=ids, actor=self.person)))

    def _looked_at(self, run_id: str) -> Run:
        run = runs.visible_run(run_id=run_id, actor=self.person)
        runs.want_output(run_id=run.pk)
        return run


def _answer(launched: runs.Launched) -> Response:
    """201 for a new run; a repeated launch is answered as a replay of an ``Idempotency-Key`` is."""
    headers = {"Idempotency-Replayed": "true"} if launched.is_repeated else None
    return Response(representations.run_of(launched.run), status=201, headers=headers)


class EstimateView(APIView):
    """The price before you press: the same body as ``runs/``."""

    @extend_schema(request=RunInput, responses=EstimateSerializer)
    def post(self, request: Request) -> Response:
        """Price a run without launching it."""
        actor = request.user
        if not isinstance(actor, User):
            raise TypeError("HasScope lets nobody in without an account")
        return Response(EstimateSerializer(estimates.estimate(wish=_wish(request), actor=actor)).data)


def _wish(request: Request) -> Wish:
    sent = RunInput(data=request.data)
    sent.is_valid(raise_exception=True)
    return Wish(**sent.validated_data)
