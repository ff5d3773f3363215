"""The price before you press."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from coe_portal.core.models import User
from deployments import costs
from deployments.models import Environment, Run, TemplateVersion
from deployments.services.specification import Specification, Wish, specify, specify_in
from projects.models import Project


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run may cost. Amounts are in ``currency``; ``budget_left`` is None when the project has no budget.

    ``verdict`` is ``fits``, ``over_budget`` (the worst case is more than what is left) or ``no_budget``.
    """

    worst_case: Decimal
    expected: Decimal
    basis: str
    currency: str
    price_per_hour: Decimal
    price_date: date
    price_source: str
    budget_left: Decimal | None
    verdict: str


def estimate(*, wish: Wish, actor: User) -> Estimate:
    """Price a wish without launching it. Raises what ``specify`` raises."""
    return estimate_of(specify(wish, actor))


def preview(*, project: Project, wish: Wish, version: TemplateVersion, places: Sequence[Environment]) -> Estimate:
    """The same for a page that has looked all that up which the person may choose from. Raises InvalidInput."""
    return estimate_of(specify_in(project, wish, version, places))


def estimate_of(specification: Specification) -> Estimate:
    """Price a specification from the dated table and from what similar runs took."""
    terms = {
        "per_hour": specification.price.per_hour,
        "instance_count": specification.instance_count,
        "max_runtime_seconds": specification.max_runtime_seconds,
    }
    worst = costs.worst_case(**terms)
    forecast = costs.expected(**terms, spot=specification.spot, similar=_similar(specification))
    left = budget_left(specification.project)
    return Estimate(
        worst_case=worst,
        expected=forecast.amount,
        basis=forecast.basis,
        currency=specification.price.currency,
        price_per_hour=specification.price.per_hour,
        price_date=specification.price.dated_on,
        price_source=specification.price.source,
        budget_left=left,
        verdict="no_budget" if left is None else "fits" if worst <= left else "over_budget",
    )


def budget_left(project: Project) -> Decimal | None:
    """The project's POC budget minus what its runs have cost or may still cost; None without a budget."""
    if project.poc_budget is None:
        return None
    return costs.micro(Decimal(project.poc_budget) - Run.objects.filter(project=project).committed())


def _similar(specification: Specification) -> list[costs.Observation]:
    rows = Run.objects.similar_to(specification.template_version, specification.instance_type).values_list(
        "billable_seconds", "training_seconds", "spot"
    )[: costs.SIMILAR_RUNS]
    return [costs.Observation(billable or 0, training or billable or 0, spot) for billable, training, spot in rows]
