"""Requests of the test organisation, asked for and decided through services."""

from typing import Any

import yaml

from governance.models import ApprovalRequest
from governance.services import approvals, intakes, policies
from tests import arranged
from tests.factories import complete_intake, person


def publish(**changes: Any) -> None:
    """Publish the shipped policy with other parts, such as ``gates`` or ``approvals``."""
    document = yaml.safe_load(policies.DEFAULT.read_text()) | changes
    draft = policies.create_draft(source=policies.as_yaml(document), actor=person("lead"))
    policies.publish(policy_id=draft.pk, actor=person("lead"))


def gate_with(*steps: dict[str, Any]) -> list[dict[str, Any]]:
    """The shipped gates, the first of them with these approval steps."""
    gates: list[dict[str, Any]] = yaml.safe_load(policies.DEFAULT.read_text())["gates"]
    return [gates[0] | {"approvals": [{"needed": 1, "days": 4, **step} for step in steps]}, *gates[1:]]


@arranged.once
def submitted(name: str = "Vehicle damage estimate", **answers: Any) -> ApprovalRequest:
    """A complete intake, submitted by its domain expert."""
    return intakes.submit(project_key=complete_intake(name, **answers).key, actor=person("domain")).approval


def decide(
    request: ApprovalRequest, who: str, verdict: str = "approve", comment: str = "", **more: Any
) -> ApprovalRequest:
    return approvals.decide(request_id=request.pk, verdict=verdict, comment=comment, actor=person(who), **more)
