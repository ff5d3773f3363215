"""The ranking of intakes and its weights in the API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import refuse_unknown_parameters
from coe_portal.core.errors import InvalidInput
from governance.models import ScoringVersion
from governance.policies.scoring import DIMENSIONS, problems_of_weights
from governance.services import qualification
from governance.services.qualification import weights


class WeightsSerializer(serializers.Serializer[Any]):
    """Weights of the dimensions; together 100."""

    value = serializers.IntegerField(min_value=0, max_value=100)
    feasibility = serializers.IntegerField(min_value=0, max_value=100)
    data_readiness = serializers.IntegerField(min_value=0, max_value=100)
    risk = serializers.IntegerField(min_value=0, max_value=100)


class WeightsOnlyInput(StrictInput, WeightsSerializer):
    """The same, and nothing else."""


class WeightsInput(StrictInput):
    weights = WeightsOnlyInput()
    reason = serializers.CharField(max_length=2000)


class ScoringVersionSerializer(serializers.ModelSerializer[ScoringVersion]):
    """Weights as a CoE lead saved them; the newest count."""

    created_by = serializers.CharField(source="created_by.username")
    weights = WeightsSerializer()

    class Meta:
        model = ScoringVersion
        fields = ["number", "weights", "reason", "created_by", "created_at"]
        read_only_fields = fields


class RankedSerializer(serializers.Serializer[Any]):
    """One intake in the ranking; ranks and totals are null while nobody has reviewed it."""

    project = serializers.CharField()
    name = serializers.CharField()
    reviews = serializers.IntegerField()
    apart = serializers.ListField(child=serializers.CharField())
    rank = serializers.IntegerField(allow_null=True)
    total = serializers.FloatField(allow_null=True)
    rank_now = serializers.IntegerField(allow_null=True, help_text="Under the saved weights.")
    total_now = serializers.FloatField(allow_null=True)
    wsjf = serializers.FloatField(allow_null=True)
    rice = serializers.FloatField(allow_null=True)


class ScoringSerializer(serializers.Serializer[Any]):
    """The weights that count, their versions, and the ranking that the asked weights give."""

    number = serializers.IntegerField(help_text="0 for the policy's own.")
    weights = WeightsSerializer()
    versions = ScoringVersionSerializer(many=True)
    ranking = RankedSerializer(many=True)


class ScoringView(APIView):
    """The ranking of intakes in qualification; with all four weights in the query, the one that they would give."""

    @extend_schema(
        parameters=[OpenApiParameter(name, int, description="Weight to try, 0 to 100.") for name in DIMENSIONS],
        responses=ScoringSerializer,
    )
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, *DIMENSIONS)
        weighing, tried = weights.current(), _tried(request)
        body = {
            "number": weighing.number,
            "weights": weighing.weights,
            "versions": ScoringVersion.objects.select_related("created_by")[:50],
            "ranking": [_ranked(row) for row in qualification.ranked(person_of(request), tried, weighing)],
        }
        return Response(ScoringSerializer(body).data)

    @extend_schema(request=WeightsInput, responses={201: ScoringVersionSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Save other weights as the next version."""
        wanted = WeightsInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        saved = qualification.save_weights(
            weights=dict(given["weights"]), reason=given["reason"], actor=person_of(request)
        )
        return Response(ScoringVersionSerializer(saved).data, status=201)


def _tried(request: Request) -> dict[str, int] | None:
    """The weights of the query, or None without any. Raises InvalidInput."""
    given: dict[str, Any] = {name: request.query_params[name] for name in DIMENSIONS if name in request.query_params}
    if not given:
        return None
    numbers = {name: weights.number_of(text) for name, text in given.items()}
    if errors := problems_of_weights(numbers):
        raise InvalidInput(errors)
    return {name: int(number) for name, number in numbers.items()}


def _ranked(row: weights.Row) -> dict[str, Any]:
    figures = {item.name: item.figure for item in row.priorities}
    then, now = (row.shift.then, row.shift.now) if row.shift else (None, None)
    return {
        "project": row.project.key,
        "name": row.project.name,
        "reviews": row.summary.count,
        "apart": row.summary.apart,
        "rank": then and then.rank,
        "total": then and then.total,
        "rank_now": now and now.rank,
        "total_now": now and now.total,
        "wsjf": figures["WSJF"],
        "rice": figures["RICE"],
    }
