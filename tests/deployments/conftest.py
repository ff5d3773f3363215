"""People, a project and places to run, arranged through services."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import botocore.session
import pytest
from botocore.loaders import create_loader
from django.test import Client

from coe_portal.core.models import User
from coe_portal.core.services import tokens
from deployments.models import Environment, Run
from deployments.services import environments, prices, runs, templates
from deployments.services.specification import Wish
from governance.services import approvals, intakes
from projects.models import Project
from tests import arranged, factories

HTMX = {"HX-Request": "true"}
ENVIRONMENT: dict[str, Any] = {
    "name": "local",
    "kind": "local",
    "account_id": "000000000000",
    "region": "eu-west-1",
    "execution_role_arn": "arn:aws:iam::000000000000:role/coe-local-training",
    "bucket": "coe-local",
    "event_queue_url": "http://127.0.0.1:4566/000000000000/coe-portal-events",
    "images": {"sklearn": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"},
    "access": "all_projects",
}


@pytest.fixture(scope="session", autouse=True)
def _what_botocore_knows_of_aws_is_read_once() -> Iterator[None]:
    """It reads megabytes of JSON for each session, and nearly every test here begins sessions of its own."""
    shared = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", lambda *_: shared)
        yield


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return factories.organisation()


@pytest.fixture
def lead(people: dict[str, User]) -> User:
    return people["lead"]


@pytest.fixture
def scientist(people: dict[str, User]) -> User:
    return people["scientist"]


@pytest.fixture
def sponsor(people: dict[str, User]) -> User:
    return people["sponsor"]


@pytest.fixture
def stranger(people: dict[str, User]) -> User:
    return people["stranger"]


@pytest.fixture
def auditor(people: dict[str, User]) -> User:
    return people["auditor"]


@pytest.fixture
def project(people: dict[str, User]) -> Project:
    return approved_project()


@arranged.once
def approved_project(name: str = "Claims triage", budget: str = "95000") -> Project:
    """A project in its proof of concept, with a data scientist and a budget in US dollars."""
    project = factories.complete_intake(name, feasible={"budget": float(budget)})
    asked = intakes.submit(project_key=project.key, actor=factories.person("domain")).approval
    for approver in ("lead", "sponsor"):
        approvals.decide(request_id=asked.pk, verdict="approve", actor=factories.person(approver))
    project.refresh_from_db()
    return project


@pytest.fixture
def local(db: None) -> Environment:
    return _local()


@arranged.once
def _local() -> Environment:
    return environments.create_environment(values=ENVIRONMENT, actor=None)


@pytest.fixture
def shelf(db: None, local: Environment) -> None:
    """Templates, prices and the local environment: everything a launch needs besides a project."""
    load_shelf()


@arranged.once
def load_shelf() -> None:
    templates.load_folder()
    prices.load_table()


@pytest.fixture
def wish(shelf: None, project: Project) -> Wish:
    return Wish(project=project.key, environment="local", template="tabular-classifier")


@pytest.fixture
def launch(wish: Wish, scientist: User) -> Callable[..., Run]:
    """Launch a run of the project, with changes to the wish."""

    def launch(**changes: Any) -> Run:
        return runs.launch_run(wish=replace(wish, **changes), actor=scientist)

    return launch


def bearer(user: User, *scopes: str) -> dict[str, str]:
    """Headers of a caller with a fresh token that may read and write."""
    wanted = list(scopes) or ["read", "write"]
    _, token = tokens.create_token(user=user, scopes=wanted, days=1, name="test", actor=user)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def browser(client: Client, scientist: User) -> Client:
    """The data scientist, signed in."""
    client.force_login(scientist)
    return client


def text(answer: Any) -> str:
    """A page as a person reads it: no entities."""
    return unescape(answer.content.decode())
