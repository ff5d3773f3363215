"""The portfolio in the API: the figures of the page, over what the caller may see."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.pages.portfolio import Portfolio, portfolio_of


class StageSerializer(serializers.Serializer[Any]):
    """How many projects are in a stage."""

    stage = serializers.CharField()
    projects = serializers.IntegerField()


class AmountSerializer(serializers.Serializer[Any]):
    """Money to six decimals."""

    amount = serializers.DecimalField(max_digits=24, decimal_places=6)
    currency = serializers.CharField()


class SpendSerializer(serializers.Serializer[Any]):
    """What runs cost so far, and the budgets of the proofs of concept that are open."""

    spent = serializers.DecimalField(max_digits=24, decimal_places=6)
    poc_budget = serializers.DecimalField(max_digits=24, decimal_places=6)
    currency = serializers.CharField()


class HealthSerializer(serializers.Serializer[Any]):
    """Open projects by health, and those that have ended."""

    on_track = serializers.IntegerField()
    at_risk = serializers.IntegerField()
    blocked = serializers.IntegerField()
    ended = serializers.IntegerField()


class WaitingSerializer(serializers.Serializer[Any]):
    """Decisions that wait for the caller: how many, and the most urgent five."""

    count = serializers.IntegerField()
    approvals = serializers.ListField(child=serializers.CharField(), help_text="Ids, such as APR-12.")


class PortfolioSerializer(serializers.Serializer[Any]):
    """What an executive asks first."""

    funnel = StageSerializer(many=True)
    value = AmountSerializer(help_text="Likely value a year of the projects that are open.")
    spend = SpendSerializer()
    health = HealthSerializer()
    waiting = WaitingSerializer()


class PortfolioView(APIView):
    """Funnel, value, spend, health, and the decisions that wait for the caller."""

    @extend_schema(responses=PortfolioSerializer)
    def get(self, request: Request) -> Response:
        return Response(PortfolioSerializer(_document(portfolio_of(person_of(request)))).data)


def _document(found: Portfolio) -> dict[str, Any]:
    currency = "USD"  # the one currency of budgets and prices so far; rows carry theirs
    return {
        "funnel": [{"stage": step.code, "projects": step.projects} for step in found.steps],
        "value": {"amount": found.value, "currency": currency},
        "spend": {"spent": found.spent, "poc_budget": found.budget, "currency": currency},
        "health": {
            "on_track": found.projects - found.at_risk - found.blocked,
            "at_risk": found.at_risk,
            "blocked": found.blocked,
            "ended": found.ended,
        },
        "waiting": {
            "count": found.decisions_count,
            "approvals": [item.request.key for item in found.decisions],
        },
    }
