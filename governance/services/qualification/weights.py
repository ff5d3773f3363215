"""Weights of the reviewers' dimensions: the newest version counts; others are tried on the ranking before saving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import User
from governance.models import Review, ScoringVersion
from governance.policies import priorities, scoring
from governance.services import policies
from projects.models import Criterion, Member, Project, Reviewer, Stage

MOST = 200  # intakes that are ranked at once; a queue that is longer has another problem
MIN_REASON, MAX_REASON = 10, 2000
ASKED = ("value", "users", "feasible")  # the answers that WSJF and RICE are made of


@dataclass(frozen=True)
class Weighing:
    """The weights that count: ``number`` 0 are those of the policy."""

    number: int
    weights: Mapping[str, int]
    scales: Sequence[Mapping[str, Any]] = ()
    by: ScoringVersion | None = None

    @property
    def label(self) -> str:
        return f"version {self.number}" if self.number else "the policy's own"


@dataclass(frozen=True)
class Row:
    """One intake in the ranking: ``shift`` is None while nobody has reviewed what it says now."""

    project: Project
    summary: scoring.Summary
    shift: scoring.Shift | None
    priorities: list[priorities.Priority]
    reviewed_by: frozenset[int]
    waits_for_reader: bool


def current() -> Weighing:
    """The newest saved weights, or those of the policy in force, with its scales. Raises StaleState without scales."""
    rule = policies.published().intake
    if not rule.scales:
        raise StaleState("The policy in force has no scales for reviews. A CoE lead publishes a policy that has them.")
    saved = ScoringVersion.objects.select_related("created_by").first()
    return (
        Weighing(saved.number, saved.weights, rule.scales, saved) if saved else Weighing(0, rule.weights, rule.scales)
    )


@transaction.atomic
def save_weights(*, weights: Mapping[str, Any], reason: str, actor: User) -> ScoringVersion:
    """Save other weights as the next version; from now on they rank every intake.

    Raises:
        NotAllowed: only CoE leads change them.
        InvalidInput: a weight is no whole number, they do not make 100, or there is no reason.
        StaleState: they are the weights that count already, or somebody saved at the same moment.
    """
    if not actor.is_lead:
        raise NotAllowed("Only CoE leads change the weights.")
    errors = scoring.problems_of_weights(weights)
    if not MIN_REASON <= len(reason.strip()) <= MAX_REASON or "\x00" in reason:
        errors["reason"] = [f"Say in {MIN_REASON} to {MAX_REASON:,} characters why they change."]
    if errors:
        raise InvalidInput(errors)
    before = current()
    if dict(before.weights) == dict(weights):
        raise StaleState("These are the weights that count already.")
    version = _created(before.number + 1, {name: weights[name] for name in scoring.DIMENSIONS}, reason.strip(), actor)
    audit.record(
        actor=actor,
        action="scoring.weights_saved",
        subject=version,
        before=dict(before.weights),
        after=version.weights,
        comment=version.reason,
    )
    return version


def _created(number: int, weights: dict[str, int], reason: str, actor: User) -> ScoringVersion:
    try:
        with transaction.atomic():
            return ScoringVersion.objects.create(number=number, weights=weights, reason=reason, created_by=actor)
    except IntegrityError:
        raise StaleState("Somebody saved other weights at the same moment. Look at theirs and try again.") from None


def ranked(user: User, then: Mapping[str, int] | None = None, weighing: Weighing | None = None) -> list[Row]:
    """Intakes in qualification that the person may see, best first, those without a review last.

    Args:
        then: other weights to try; the rows come in the order that these would give.
        weighing: the weights that count, if they have been read already.
    """
    now = (weighing or current()).weights
    seen = Project.objects.visible_to(user).filter(stage=Stage.QUALIFICATION).for_list()
    asked, member = (rows.objects.filter(project=OuterRef("pk"), user=user) for rows in (Reviewer, Member))
    told = seen.annotate(people=Count("members", distinct=True), is_asked=Exists(asked), is_member=Exists(member))
    projects = list(told.order_by("-id")[:MOST])
    reviews = _reviews_of(projects)
    means = {project.key: scoring.means_of(_scores(found)) for project in projects if (found := reviews[project.pk])}
    shifts = {shift.key: shift for shift in scoring.shifts(means, now, then or now)}
    answers = _answers_of(projects)
    rows = [
        Row(
            project,
            scoring.summarise(_scores(reviews[project.pk]), now),
            shifts.get(project.key),
            priorities.priorities(means.get(project.key, {}), answers[project.pk], project.people),
            given := frozenset(review.reviewer_id for review in reviews[project.pk]),
            _waits_for(user, project, given),
        )
        for project in projects
    ]
    order = {key: number for number, key in enumerate(shifts)}
    return sorted(rows, key=lambda row: order.get(row.project.key, len(order)))


def _waits_for(user: User, project: Project, given: frozenset[int]) -> bool:
    """Whether the person was asked to score it, or is a CoE lead who may, and has not."""
    named = {project.owner_id, project.sponsor_id, project.created_by_id, project.deploy_authority_id}
    takes_part = user.pk in named or getattr(project, "is_member", False)
    may = user.is_lead or getattr(project, "is_asked", False)
    return bool(may and not takes_part and user.pk not in given)


def _scores(reviews: list[Review]) -> list[Mapping[str, int]]:
    return [review.scores for review in reviews]


def _reviews_of(projects: Sequence[Project]) -> dict[int, list[Review]]:
    """The reviews of what each project says now."""
    found: dict[int, list[Review]] = {project.pk: [] for project in projects}
    for review in Review.objects.filter(project__in=list(found), revision=F("project__revision")):
        found[review.project_id].append(review)
    return found


def _answers_of(projects: Sequence[Project]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {project.pk: {} for project in projects}
    rows = Criterion.objects.filter(project__in=list(found), code__in=ASKED).order_by()
    for project_id, code, answer in rows.values_list("project_id", "code", "answer"):
        found[project_id][code] = answer or {}
    return found


def number_of(text: str) -> int | str:
    """A weight as it was typed: the number, or the text when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else text
