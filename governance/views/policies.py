"""Policies as people read them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.errors import NotFound
from coe_portal.core.models import ApproverGroup, SiteRole
from coe_portal.core.sessions import signed_in
from governance.models import PolicyStatus, PolicyVersion
from governance.policies.document import GateRule, Policy
from governance.services import policies
from projects.models import ProjectRole, Stage


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
    shorts = {item["code"]: item["short"] for item in rules.criteria}
    before = PolicyVersion.objects.filter(name=row.name, number__lt=row.number).order_by("-number").first()
    context = {
        "row": row,
        "gates": [_gate(gate, shorts) for gate in rules.gates],
        "criteria": rules.criteria,
        "fallback": _holder(dict([rules.fallback])) if rules.fallback else "",
        "author_barred": rules.author_may_not_decide,
        "actions": [_action(name, rule) for name, rule in row.document["actions"].items()],
        "before": before,
        "changes": policies.changes_between(before, row) if before else [],
    }
    return render(request, "governance/policy.html", context)


def _gate(gate: GateRule, shorts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": gate.title,
        "source": Stage(gate.source).label,
        "target": Stage(gate.target).label,
        "criteria": [shorts[code] for code in gate.criteria],
        "approvals": [
            {
                "name": rule["name"],
                "holder": _holder(rule),
                "needed": rule["needed"],
                "days": rule["days"],
                "when": [(name.replace("_", " "), values) for name, values in rule.get("when", {}).items()],
            }
            for rule in gate.approvals
        ],
    }


def _holder(rule: Mapping[str, Any]) -> str:
    if "site_role" in rule:
        return f"any {SiteRole(rule['site_role']).label}"
    if "group" in rule:
        return f"anyone of the group {ApproverGroup(rule['group']).label}"
    return f"the project's {str(rule['person']).replace('_', ' ')}"


def _action(name: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "stages": [Stage(stage).label for stage in rule["stages"]],
        "elsewhere": [
            (kind, [Stage(stage).label for stage in stages])
            for kind, stages in rule.get("stages_by_environment", {}).items()
        ],
        "roles": [ProjectRole(role).label for role in rule["roles"]],
        "within_poc_dates": rule.get("within_poc_dates", False),
    }
