"""A proof of concept with a clock, for the tests of the clock and of the decisions about it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Value
from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.fields import MoneyField
from coe_portal.core.models import User
from governance.models import PocDecision
from governance.services import gates, poc_decisions, spending
from projects.models import Project
from tests.deployments.conftest import approved_project, local, people, scientist, shelf
from tests.factories import person

__all__ = ["local", "people", "scientist", "shelf"]
REASON = "Accuracy of 0.81 after eight weeks; the target is within reach."
LATE = datetime(2027, 7, 1, 12, tzinfo=timezone.get_fixed_timezone(0))  # the day after the last one
NEARLY = datetime(2027, 5, 20, 12, tzinfo=timezone.get_fixed_timezone(0))  # 231 of 273 days are over


@pytest.fixture
def project(people: dict[str, User]) -> Project:
    """In its proof of concept from 1 October 2026 to 30 June 2027, with a budget of 1,000 dollars."""
    found = approved_project(budget="1000")
    for user in people.values():
        user.email = f"{user.username}@halden.example"
        user.save(update_fields=["email"])
    return found


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Say what every project has spent."""

    def spend(amount: int) -> None:
        found = spending.Spent(Decimal(amount) / 2, Decimal(amount) / 2)
        total = Value(Decimal(amount), output_field=MoneyField())
        source = spending.Source(lambda keys: dict.fromkeys(keys, found), lambda outer: total, lambda project: None)
        monkeypatch.setattr(spending, "_sources", [source])

    return spend


def lacking(project: Project, who: str | None = "scientist") -> list[str]:
    project.refresh_from_db()
    actor = person(who) if who else None
    return [item.code for item in gates.check(project, "start_run", environment_kind="local", actor=actor).missing]


def _wish(decision: str, **more: Any) -> poc_decisions.Wish:
    return poc_decisions.Wish(**({"decision": decision, "reason": REASON} | more))


def decided(project: Project, decision: str, who: str = "sponsor", **more: Any) -> PocDecision:
    return poc_decisions.decide(project_key=project.key, wish=_wish(decision, **more), actor=person(who))


def deliver() -> None:
    while outbox.deliver_next():
        pass
