"""Data sets of the demo organisation and who asked for them, made through the services that people use."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from coe_portal.core.models import User
from deployments.models import Environment, EnvironmentKind
from governance.services import approvals, data_access
from projects.models import AccessPattern, BusinessUnit, DataAccess, Dataset, Project
from projects.services import accesses, datasets

SCRIPT = Path(__file__).resolve().parent / "demo_data.yaml"
OWNER, LEAD = "dataowner", "lead"


def seed(people: Mapping[str, User]) -> None:
    """Data sets that do not exist yet, with the accesses to them; safe to repeat."""
    for described in yaml.safe_load(SCRIPT.read_text())["datasets"]:
        if Dataset.objects.filter(name=described["name"]).exists():
            continue
        values = {name: value for name, value in described.items() if name != "access"}
        unit = BusinessUnit.objects.get(name=described["business_unit"])
        place = {"environment": "local"} if _local() else {}
        dataset = datasets.register(
            values=values | place | {"business_unit": unit.pk, "owner": OWNER}, actor=people[LEAD]
        )
        for wanted in described.get("access", []):
            _ask(dataset, wanted, people)


def _local() -> bool:
    return Environment.objects.filter(name="local", kind=EnvironmentKind.LOCAL).exists()


def _ask(dataset: Dataset, wanted: Mapping[str, Any], people: Mapping[str, User]) -> None:
    """Ask for it, and have the owner decide where the script says so. Without a sandbox nothing is copied."""
    is_copy = wanted["pattern"] == AccessPattern.SANDBOX_COPY and _local()
    wish = accesses.Wish(
        purpose=wanted["purpose"],
        pattern=AccessPattern.SANDBOX_COPY if is_copy else AccessPattern.PLATFORM_READ,
        days=wanted["days"],
        columns=wanted.get("columns", []),
        environment="local" if is_copy else "",
    )
    project = Project.objects.get(name=wanted["project"])
    access = data_access.ask(project_key=project.key, dataset_id=dataset.pk, wish=wish, actor=people[wanted["by"]])
    if comment := wanted.get("granted", ""):
        _grant(access, comment, people[OWNER])


def _grant(access: DataAccess, comment: str, owner: User) -> None:
    request = data_access.request_of(access)
    if request is not None:
        approvals.decide(request_id=request.pk, verdict="approve", comment=comment, actor=owner)
