"""One project on its way, with a run and a decided approval, for everybody to look at."""

from typing import Any

import pytest

from coe_portal.core.models import ApiToken, AuditEntry, User
from coe_portal.core.services import tokens
from deployments.models import Run
from deployments.services import runs
from deployments.services.specification import Wish
from governance.models import ApprovalRequest, PolicyVersion
from projects.models import BusinessUnit, Project
from tests.deployments.conftest import approved_project, lead, local, people, scientist, shelf

__all__ = ["lead", "local", "people", "scientist", "shelf"]


@pytest.fixture
def things(people: dict[str, User], shelf: None) -> dict[str, Any]:
    project: Project = approved_project()
    run: Run = runs.launch_run(
        wish=Wish(project=project.key, environment="local", template="tabular-classifier"), actor=people["scientist"]
    )
    tokens.create_token(user=people["scientist"], scopes=["read"], days=1, name="ci", actor=people["scientist"])
    entry = AuditEntry.objects.filter(actor=people["domain"]).order_by("id")[0]
    return {
        "username": "lead",
        "audit": entry.pk,
        "token": ApiToken.objects.get().pk,
        "environment": "local",
        "template": "tabular-classifier",
        "run": run.pk,
        "number": run.number,
        "key": project.key,
        "code": "value",
        "approval": ApprovalRequest.objects.get().key,
        "policy": PolicyVersion.objects.get().label,
        "unit": BusinessUnit.objects.get().pk,
        "member": project.members.order_by("joined_at")[0].pk,
        "duty": "none",
        "slug": "challenge",
    }
