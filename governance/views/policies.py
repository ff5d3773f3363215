"""Policies as people read them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.errors import NotFound
from coe_portal.core.sessions import signed_in
from governance.models import PolicyStatus, PolicyVersion
from governance.policies.document import Policy
from governance.policies.rules import step_of
from governance.policies.wording import condition_words, step_words
from projects.models import Stage


@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every version, newest first; drafts only for CoE leads."""
    rows = PolicyVersion.objects.defer("source", "document").select_related("published_by", "created_by")
    if not signed_in(request).is_lead:
        rows = rows.exclude(status=PolicyStatus.DRAFT)
    return render(request, "governance/policies.html", {"rows": rows})


@require_GET
def policy(request: HttpRequest, label: str) -> HttpResponse:
    """One version: stages, gates, criteria and who approves, in words and as YAML."""
    row = PolicyVersion.objects.labelled(label).first()
    if row is None or (row.status == PolicyStatus.DRAFT and not signed_in(request).is_lead):
        raise NotFound(f"There is no policy {label[:60]}.")
    rules = Policy(row.document)
    gates = [
        {
            "title": gate.title,
            "source": Stage(gate.source).label,
            "target": Stage(gate.target).label,
            "criteria": gate.criteria,
            "approvals": _steps(gate.approvals),
        }
        for gate in rules.gates
    ]
    others = [
        {
            "action": rule["action"],
            "when": condition_words(rule.get("when", {})),
            "steps": _steps(rule["steps"]),
            "days": rule.get("expires_after_days"),
        }
        for rule in rules.rules
    ]
    context = {
        "row": row,
        "gates": gates,
        "rules": others,
        "criteria": rules.criteria,
        "actions": row.document["actions"].items(),
    }
    return render(request, "governance/policy.html", context)


def _steps(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Approval steps in words, for gates and rules alike."""
    steps = [(step_of(rule, number), condition_words(rule.get("when", {}))) for number, rule in enumerate(rules, 1)]
    return [{"name": step.name, "order": step.order, "text": step_words(step), "when": when} for step, when in steps]
