"""Data sets of the test organisation, asked for and granted through services."""

from typing import Any

import pytest

from coe_portal.core.models import User
from governance.models import ApprovalRequest
from governance.services import data_access
from projects.models import DataAccess, Dataset, Project
from projects.services import accesses, datasets, places
from tests import arranged
from tests.factories import organisation, person, unit
from tests.governance.requests import decide, submitted

PURPOSE = "To train and test the damage classifier on last year's claims."
SANDBOX = places.Place("sandbox", "sandbox", "eu-west-1", "coe-sandbox")
PROD = places.Place("prod", "prod", "eu-west-1", "coe-prod")


@pytest.fixture
def people(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, User]:
    monkeypatch.setattr(places, "_lookups", [lambda project: [SANDBOX, PROD]])
    return organisation() | {"owner": person("owner", display_name="Olga Wagner", email="owner@example.org")}


def dataset(**changes: Any) -> Dataset:
    values = {
        "name": "claims_outcomes",
        "business_unit": unit().pk,
        "owner": "owner",
        "classification": "confidential",
        "location": "s3://coe-data/claims/2026/",
        "columns": [{"name": "claim_id"}, {"name": "amount"}],
    }
    return datasets.register(values=values | changes, actor=person("lead"))


@arranged.once
def in_poc(name: str = "Vehicle damage estimate") -> Project:
    """A project in its proof of concept, with a data scientist."""
    asked = submitted(name)
    for who in ("lead", "sponsor"):
        decide(asked, who)
    return Project.objects.get(pk=asked.project_id)


def asked(
    project: Project | None = None, source: Dataset | None = None, who: str = "scientist", **wish: Any
) -> DataAccess:
    given = {"purpose": PURPOSE, "pattern": "platform_read", "days": 90} | wish
    return data_access.ask(
        project_key=(project or in_poc()).key,
        dataset_id=(source or dataset()).pk,
        wish=accesses.Wish(**given),
        actor=person(who),
    )


def request_of(access: DataAccess) -> ApprovalRequest:
    found = data_access.request_of(access)
    assert found is not None
    return found


def granted(**wish: Any) -> DataAccess:
    access = asked(**wish)
    decide(request_of(access), "owner")
    access.refresh_from_db()
    return access
