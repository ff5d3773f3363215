"""Policies as people read them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.errors import NotFound
from coe_portal.core.sessions import signed_in
from governance.models import PolicyStatus, PolicyVersion
from governance.policies.document import Policy
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
            "approvals": gate.approvals,
        }
        for gate in rules.gates
    ]
    context = {"row": row, "gates": gates, "criteria": rules.criteria, "actions": row.document["actions"].items()}
    return render(request, "governance/policy.html", context)
