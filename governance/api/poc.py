"""The clock of a proof of concept and its decisions in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.api.serializers import StrictInput
from coe_portal.core.api.views import refuse_unknown_parameters
from coe_portal.core.models import User
from governance.api.serializers import GateSerializer
from governance.models import PocChoice, PocDecision
from governance.services import gates, poc_clock, poc_decisions, spending
from projects.models import Project
from projects.permissions import visible_project

ADVANCE, LEVELS = "advance", "running, warning or over."


class PocDecisionSerializer(serializers.ModelSerializer[PocDecision]):
    """What was decided, by whom, and what was known."""

    project = serializers.CharField(source="project.key")
    facts = serializers.DictField(help_text="How the clock stood.")
    reopened = serializers.ListField(child=serializers.CharField(), help_text="Questions of a pivot.")
    budget = serializers.DecimalField(max_digits=18, decimal_places=6, allow_null=True)
    decided_by = serializers.CharField(source="decided_by.username")
    approval = serializers.SerializerMethodField(help_text="Request that an extension waits for, or empty.")

    class Meta:
        model = PocDecision
        fields = [
            "id", "project", "decision", "reason", "facts", "reopened", "ends_on", "budget", "decided_by",
            "decided_at", "in_force_at", "holds_until", "approval",
        ]  # fmt: skip
        read_only_fields = fields

    def get_approval(self, decision: PocDecision) -> str:
        return decision.request.key if decision.request else ""


class HandSerializer(serializers.Serializer[Any]):
    """Time or money: how much is used, in percent; null without a limit."""

    percent = serializers.IntegerField(allow_null=True)
    level = serializers.CharField(help_text=LEVELS)


class ClockSerializer(serializers.Serializer[Any]):
    """How the clock of a proof of concept stands. Money in the project's currency."""

    starts_on = serializers.DateField(source="project.poc_starts_on", allow_null=True)
    ends_on = serializers.DateField(source="project.poc_ends_on", allow_null=True)
    budget = serializers.DecimalField(source="project.poc_budget", max_digits=18, decimal_places=6, allow_null=True)
    currency = serializers.CharField(source="project.currency")
    committed = serializers.DecimalField(source="spent.committed", max_digits=18, decimal_places=6)
    accrued = serializers.DecimalField(source="spent.accrued", max_digits=18, decimal_places=6)
    level = serializers.CharField(source="reading.level", help_text=LEVELS)
    time = HandSerializer(source="reading.time")
    money = HandSerializer(source="reading.money")
    achieved = serializers.CharField(help_text="The best of the success metric so far, in words.")
    kill_criteria = serializers.CharField()
    extensions = serializers.IntegerField()
    running = serializers.IntegerField(help_text="Runs that are going on; a no go asks them to stop.")
    decisions = PocDecisionSerializer(many=True)


class PocDecisionInput(StrictInput):
    """How it goes on. A pivot names questions; an extension a later end, more money, or both."""

    decision = serializers.ChoiceField(choices=PocChoice.choices)
    reason = serializers.CharField(max_length=2000)
    reopen = serializers.ListField(child=serializers.CharField(max_length=40), default=list, max_length=50)
    ends_on = serializers.DateField(allow_null=True, default=None)
    added_budget = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True, default=None)


class DecidedSerializer(PocDecisionSerializer):
    """The decision, and after a go whether the next gate can be asked for and what is missing."""

    next_gate = GateSerializer(allow_null=True, help_text="Null unless it is a go.")

    class Meta(PocDecisionSerializer.Meta):
        fields = [*PocDecisionSerializer.Meta.fields, "next_gate"]
        read_only_fields = fields


class ClockView(APIView):
    """How much of the time and the money is used, and what was decided."""

    @extend_schema(responses=ClockSerializer)
    def get(self, request: Request, key: str) -> Response:
        refuse_unknown_parameters(request)
        return Response(ClockSerializer(_clock(visible_project(person_of(request), key))).data)


def _clock(project: Project) -> dict[str, Any]:
    spent = spending.spent_by([project.pk])[project.pk]
    decisions = list(PocDecision.objects.for_list().filter(project=project))
    feasible = project.criteria.filter(code="feasible").values_list("answer", flat=True).first() or {}
    reached = spending.achievement_of(project)
    return {
        "project": project,
        "spent": spent,
        "reading": poc_clock.reading_of(project, spent.total),
        "achieved": reached.says if reached else "",
        "kill_criteria": feasible.get("kill_criteria", ""),
        "extensions": sum(each.decision == PocChoice.EXTEND and bool(each.in_force_at) for each in decisions),
        "running": spending.running_of(project),
        "decisions": decisions,
    }


class DecisionView(APIView):
    """Decide how a proof of concept goes on: go, no go, pivot; an extension asks for an approval."""

    @extend_schema(request=PocDecisionInput, responses={201: DecidedSerializer})
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = PocDecisionInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        wish = poc_decisions.Wish(**wanted.validated_data)
        person = person_of(request)
        decided = poc_decisions.decide(project_key=key, wish=wish, actor=person)
        said = PocDecisionSerializer(decided).data
        return Response(said | {"next_gate": _next_gate(decided, person)}, status=201)


def _next_gate(decided: PocDecision, person: User) -> dict[str, Any] | None:
    if decided.decision != PocChoice.GO:
        return None
    answer = gates.check(decided.project, ADVANCE, actor=person)
    told = {"action": ADVANCE, "allowed": answer.allowed, "missing": answer.missing, "break_glass": answer.break_glass}
    return dict(GateSerializer(told).data)
