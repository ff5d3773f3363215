# ruff: noqa: S608 - the statements are made of words of this file, in a database of tests
"""What an address costs the database: the same number of queries for one row as for twenty, and never many.

Every address of the access table is asked, so a new page or list is counted as soon as it exists.
"""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core import kept
from coe_portal.core.models import ApiToken, AuditEntry, User
from deployments.models import Environment, Run, TemplateVersion
from governance.models import ApprovalRequest, PolicyVersion
from governance.services import intakes
from projects.models import BusinessUnit, DataAccess, Dataset, Lesson, Project
from tests import factories
from tests.bench.listing.multiply import multiply
from tests.journeys.test_access import TABLE

pytestmark = pytest.mark.django_db

MOST, TIMES = 12, 20
MANY = f"generate_series(1, {TIMES}) AS n"
ULID = "substr(md5(pattern.id || '-' || {}), 1, 26)"
READERS = ("scientist", "security", "lead", "auditor")
LISTS = (
    "portfolio/",
    "portfolio/board/",
    "portfolio/matrix/",
    "projects/",
    "runs/",
    "intake/",
    "stories/",
    "audit/",
    "inbox/",
    "search/",
)


def _queries(client: Client, address: str, **headers: str) -> list[str]:
    """The statements of an address that answers 200; none for what the reader may not see."""
    with CaptureQueriesContext(connection) as seen:
        status = client.get(address, headers=headers).status_code
    return [query["sql"] for query in seen] if status == 200 else []


def _counts(things: dict[str, Any], people: dict[str, User]) -> dict[str, list[str]]:
    """The queries of every address, read by everybody; fragments of lists as well."""
    policy = PolicyVersion.objects.earliest("number")
    found = {}
    for who in READERS:
        client = Client()
        client.force_login(people[who])
        for route in TABLE:
            given = things | ({"policy": policy.pk} if route.startswith("api/v1/policies/{policy}/") else {})
            address = "/" + route.format(**given)
            found[f"{who} {route}"] = _queries(client, address)
        for route in LISTS:
            found[f"{who} {route} as a fragment"] = _queries(client, f"/{route}", **{"HX-Request": "true"})
        for address in ("/inbox/?tab=waiting", "/inbox/?tab=done", "/search/?q=vehicle", "/search/?q=run"):
            found[f"{who} {address}"] = _queries(client, address)
    return found


def _copy(row: Model, source: str = MANY, by: str = "n", **columns: str) -> None:
    own = {"id": ULID.format(by)} if isinstance(row.pk, str) else {}
    multiply(row, source, own | columns)


def _grow(things: dict[str, Any]) -> None:
    """Twenty more of everything that lists show, with everything that hangs on them."""
    for project in Project.objects.all():
        last = Project.objects.latest("id").pk
        _copy(project, name="pattern.name || n")
        copies = f"(SELECT id AS other FROM projects_project WHERE id > {last}) AS p"
        for part in (*project.members.all(), *project.criteria.all()):
            _copy(part, copies, "p.other", project_id="p.other")
        for asked in ApprovalRequest.objects.filter(project=project):
            newest = ApprovalRequest.objects.latest("id").pk
            _copy(asked, copies, project_id="p.other", subject="'project:PRJ-' || p.other")
            requests = f"(SELECT id AS other FROM governance_approvalrequest WHERE id > {newest}) AS r"
            for step in asked.steps.all():
                _copy(step, requests, request_id="r.other")
    run = Run.objects.get(pk=things["run"])
    _copy(run, number="n + 100", aws_name="pattern.aws_name || n", request_key="''")
    _copy(User.objects.get(username="stranger"), username="'colleague' || n")
    _copy(ApiToken.objects.get(pk=things["token"]), digest="md5('token' || n)")
    _copy(Environment.objects.get(), name="'copy' || n")
    _copy(TemplateVersion.objects.filter(template__name=things["template"])[0], version="pattern.version + n")
    _copy(BusinessUnit.objects.get(), name="'Unit ' || n")
    _copy(AuditEntry.objects.earliest("id"))
    _copy(Dataset.objects.get(pk=things["unused"]), name="'data ' || n", location="'s3://copies/' || n || '/'")
    for access in DataAccess.objects.all():
        _copy(access, status="'expired'", copy_location="pattern.copy_location")
    _copy(Lesson.objects.get(pk=things["lesson"]))


def test_twenty_rows_cost_as_many_queries_as_one_and_no_page_costs_many(
    things: dict[str, Any], people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SECONDS", 0)
    waiting = factories.complete_intake("Vehicle damage estimate")
    intakes.submit(project_key=waiting.key, actor=people["domain"])
    factories.intake("Vehicle idea")
    before = _counts(things, people)
    _grow(things)
    after = _counts(things, people)
    assert Run.objects.count() > TIMES and ApprovalRequest.objects.filter(state="open").count() > TIMES
    grown = {what: (len(before[what]), len(after[what])) for what in after if len(after[what]) > len(before[what])}
    dear = {what: len(queries) for what, queries in after.items() if len(queries) > MOST}
    assert not grown, "\n".join(
        f"{what}: {one} queries, with twenty times the rows {more}" for what, (one, more) in grown.items()
    )
    assert not dear, "\n".join(f"{what}: {number} queries" for what, number in dear.items())
