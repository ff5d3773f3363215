# ruff: noqa: S608 - the statements are made of words of this file, in a database of tests
"""What an address costs the database: the same number of queries for one row as for twenty, and never many.

Every address of the access table is asked, so a new page or list is counted as soon as it exists. Pages are dear, so
all are looked at with many rows, and with few only those that say something twice: the others ask for no row by itself.
"""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
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
from tests.journeys.routes import WHO, signed_in
from tests.journeys.test_access import TABLE

pytestmark = pytest.mark.django_db

MOST, TIMES = 12, 20
OF_WHO_READS = 1  # the query of a page for what is kept about a person for some seconds; the pages below find it kept
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
OF_CODE_ALONE = "api/schema/"  # dear, and the same for everybody and any rows
NARROWED = ("/inbox/?tab=waiting", "/inbox/?tab=done", "/search/?q=vehicle", "/search/?q=run")
_VALUES = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_LISTS_OF_VALUES = re.compile(r"\(\?(?:, \?)*\)")


@dataclass(frozen=True)
class Look:
    """Somebody who opens an address, whole or as the fragment that htmx asks for."""

    who: str
    address: str
    is_fragment: bool = False

    def __str__(self) -> str:
        return f"{self.who} {self.address}{' as a fragment' if self.is_fragment else ''}"


def _looks(things: dict[str, Any]) -> list[Look]:
    """Everybody at every address that shows them something, and at fragments of lists."""
    policy = PolicyVersion.objects.earliest("number")
    found = []
    for who in READERS:
        for route, statuses in TABLE.items():
            if statuses[WHO.index(who)] == 200 and (route != OF_CODE_ALONE or who == READERS[0]):
                given = things | ({"policy": policy.pk} if route.startswith("api/v1/policies/{policy}/") else {})
                found.append(Look(who, "/" + route.format(**given)))
        found += [Look(who, f"/{route}", is_fragment=True) for route in LISTS]
        found += [Look(who, address) for address in NARROWED]
    return found


def _queries(look: Look, clients: dict[str, Client]) -> list[str]:
    headers = {"HX-Request": "true"} if look.is_fragment else {}
    with CaptureQueriesContext(connection) as seen:
        answer = clients[look.who].get(look.address, headers=headers)
    assert answer.status_code == 200, look
    return [query["sql"] for query in seen]


def _most(look: Look) -> int:
    return MOST if look.address.startswith("/api/") else MOST - OF_WHO_READS


def _asks_again(queries: list[str]) -> bool:
    """It asks for other values with the same words, as whoever asks for each row by itself does."""
    return len({_LISTS_OF_VALUES.sub("(?)", _VALUES.sub("?", query)) for query in queries}) < len(queries)


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
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # else the database plans for few rows and takes its time


def test_twenty_rows_cost_as_many_queries_as_one_and_no_page_costs_many(
    things: dict[str, Any], people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SECONDS", 600)
    waiting = factories.complete_intake("Vehicle damage estimate")
    intakes.submit(project_key=waiting.key, actor=people["domain"])
    factories.intake("Vehicle idea")
    for who in READERS:
        kept.facts(people[who])
    clients, looks = {who: signed_in(who, people) for who in READERS}, _looks(things)
    with transaction.atomic():
        _grow(things)
        assert Run.objects.count() > TIMES and ApprovalRequest.objects.filter(state="open").count() > TIMES
        many = {look: _queries(look, clients) for look in looks}
        transaction.set_rollback(True)
    few = {look: _queries(look, clients) for look, queries in many.items() if _asks_again(queries)}
    grown = {look: (len(queries), len(many[look])) for look, queries in few.items() if len(many[look]) > len(queries)}
    dear = {look: len(queries) for look, queries in many.items() if len(queries) > _most(look)}
    assert not grown, "\n".join(
        f"{look}: {one} queries, with twenty times the rows {more}" for look, (one, more) in grown.items()
    )
    assert not dear, "\n".join(f"{look}: {number} queries" for look, number in dear.items())


@pytest.mark.parametrize(
    ("one", "other", "again"),
    [
        ("SELECT x FROM runs WHERE id = 1", "SELECT x FROM runs WHERE id = 22", True),
        ("SELECT x FROM runs WHERE id = '01m8a9'", "SELECT x FROM runs WHERE id = 'o''clock'", True),
        ("SELECT x FROM runs WHERE id IN (1, 2)", "SELECT x FROM runs WHERE id IN (3, 4, 5)", True),
        ("SELECT x FROM runs WHERE id = 1", "SELECT x FROM teams WHERE id = 1", False),
    ],
)
def test_who_asks_for_each_row_by_itself_is_seen(one: str, other: str, again: bool) -> None:
    assert _asks_again([one, other]) is again
