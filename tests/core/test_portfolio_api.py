"""The portfolio by API: the page's figures, over what the caller may see."""

from decimal import Decimal

import pytest
from django.test import Client

from governance.services import intakes
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import complete_intake, organisation

pytestmark = pytest.mark.django_db


def test_the_figures_are_those_of_the_projects_that_the_caller_sees(client: Client) -> None:
    people = organisation()
    asked = intakes.submit(project_key=complete_intake().key, actor=people["domain"]).approval
    Project.objects.update(health="at_risk")
    seen = client.get("/api/v1/portfolio/", headers=bearer(people["lead"])).json()
    assert {row["stage"]: row["projects"] for row in seen["funnel"]}["qualification"] == 1
    assert (Decimal(seen["value"]["amount"]), seen["value"]["currency"]) == (Decimal("1100000.000000"), "USD")
    assert seen["spend"] == {"spent": "0.000000", "poc_budget": "0.000000", "currency": "USD"}
    assert seen["health"] == {"on_track": 0, "at_risk": 1, "blocked": 0, "ended": 0}
    assert seen["waiting"] == {"count": 1, "approvals": [asked.key]}
    nothing = client.get("/api/v1/portfolio/", headers=bearer(people["stranger"])).json()
    assert {row["projects"] for row in nothing["funnel"]} == {0}
    assert nothing["waiting"] == {"count": 0, "approvals": []}
