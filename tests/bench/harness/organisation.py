"""People and projects to measure with, arranged through the services that people use.

Import it only inside ``portal.running``: it needs Django.
"""

from dataclasses import dataclass

from coe_portal.core.services import tokens
from governance.services import approvals, intakes
from projects.services import team
from tests import factories

BUDGET = 50_000_000.0


@dataclass(frozen=True)
class Group:
    """Project keys, and a token for each client. Every client is a data scientist of every project."""

    projects: list[str]
    tokens: list[str]


def arrange(*, projects: int, clients: int) -> Group:
    """Projects in their proof of concept, and so many people with tokens (scopes read and write)."""
    factories.organisation()
    people = [factories.person(f"client{number}") for number in range(clients)]
    keys = [_project(f"Measured project {number}", people) for number in range(projects)]
    made = [
        tokens.create_token(user=person, scopes=["read", "write"], days=1, name="benchmark", actor=person)[1]
        for person in people
    ]
    return Group(keys, made)


def _project(name: str, people: list) -> str:
    project = factories.complete_intake(name, feasible={"budget": BUDGET})
    for person in people:
        team.add_member(
            project_key=project.key,
            username=person.username,
            roles=["data_scientist"],
            actor=factories.person("domain"),
        )
    asked = intakes.submit(project_key=project.key, actor=factories.person("domain")).approval
    for approver in ("lead", "sponsor"):
        approvals.decide(request_id=asked.pk, verdict="approve", actor=factories.person(approver))
    return project.key
