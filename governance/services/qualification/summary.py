"""Everything that a reviewer and a CoE lead read of one intake before they decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from coe_portal.core.errors import NotFound
from coe_portal.core.models import User
from governance.models import ApprovalRequest, IntakeDecision, Review
from governance.policies import priorities, scoring
from governance.policies.wording import is_named, words
from governance.services.qualification import deciding, reviewing, weights
from projects.checklists import fields_of
from projects.models import (
    Concept,
    ConceptState,
    Criterion,
    Dataset,
    Distinction,
    FieldQuestion,
    Member,
    Project,
    Reviewer,
    Stage,
)
from projects.services import field_questions, named_data


@dataclass(frozen=True)
class Judged:
    """One review with its total under the weights that count."""

    review: Review
    total: float


@dataclass(frozen=True)
class Scale:
    """One dimension: its anchors, what it weighs, and what the reviewers say of it (None while nobody has)."""

    code: str
    title: str
    question: str
    anchors: tuple[str, ...]
    weight: int
    spread: scoring.Spread | None
    own: int | None

    @property
    def is_apart(self) -> bool:
        return self.spread is not None and self.spread.width >= scoring.APART


@dataclass(frozen=True)
class Reply:
    """A reviewer's question with what the field said then and says now, in words."""

    question: FieldQuestion
    place: str
    before: str
    now: str
    changed: bool


@dataclass(frozen=True)
class Line:
    """One field of an answer, in words; empty text is not answered."""

    field: str
    title: str
    text: str


@dataclass(frozen=True)
class Part:
    """One question of the checklist with its fields."""

    criterion: Criterion
    lines: list[Line]


@dataclass(frozen=True)
class Qualification:
    """One intake as its page and the API show it.

    Attributes:
        named: the data sets that the case names, by their keys.
        hidden: others' scores are kept back until the reader has given their own, so that nobody is anchored.
        review_refusal: why the reader may not score it; empty when they may.
    """

    project: Project
    concept: Concept | None
    members: list[Member]
    criteria: list[Criterion]
    weighing: weights.Weighing
    scales: list[Scale]
    summary: scoring.Summary
    judged: list[Judged]
    own: Review | None
    hidden: bool
    priorities: list[priorities.Priority]
    replies: list[Reply]
    review_refusal: str
    named: Mapping[str, Dataset]

    @property
    def waits_for_concept(self) -> bool:
        return self.concept is not None and self.concept.state == ConceptState.SUBMITTED

    @property
    def can_review(self) -> bool:
        return self.project.stage == Stage.QUALIFICATION and not self.review_refusal


@dataclass(frozen=True)
class Surroundings:
    """Who reviews, what was decided before, and why it joins nothing that is like it."""

    reviewers: list[Reviewer]
    decisions: list[IntakeDecision]
    distinctions: list[Distinction]


def find(user: User, key: str) -> Project:
    """The project with everything that its qualification needs of its row. Raises NotFound."""
    asked = Reviewer.objects.filter(project=OuterRef("pk"), user=user)
    people = ("success_metric", "concept__submitted_by", "concept__decided_by", "merged_into")
    rows = Project.objects.visible_to(user).with_people().select_related(*people).annotate(is_asked=Exists(asked))
    project: Project | None = rows.by_key(key).first()
    if project is None:
        raise NotFound(f"There is no project {key[:20]} that you may see.")
    return project


def of(project: Project, reader: User, *, with_questions: bool = True) -> Qualification:
    """Put together what ``reader`` sees; ``project`` comes from ``find``. Raises StaleState without scales."""
    weighing = weights.current()
    criteria, members = (
        list(project.criteria.for_list().prefetch_related(None)),
        list(project.members.select_related("user")),
    )
    answers = {item.code: item.answer or {} for item in criteria}
    reviews = list(Review.objects.filter(project=project, revision=project.revision).select_related("reviewer"))
    own = next((row for row in reviews if row.reviewer_id == reader.pk), None)
    taking_part = reader.pk in _people(project, members)
    why_not = reviewing.why_not(reader, taking_part, getattr(project, "is_asked", False))
    hidden = bool(reviews) and project.stage == Stage.QUALIFICATION and not why_not and own is None
    scores = [] if hidden else [row.scores for row in reviews]
    found = scoring.summarise(scores, weighing.weights)
    named = named_data.named_by(answers.values())
    return Qualification(
        project=project,
        concept=getattr(project, "concept", None),
        members=members,
        criteria=criteria,
        weighing=weighing,
        scales=_scales(weighing, found, own),
        summary=found,
        judged=[] if hidden else [Judged(row, scoring.total(row.scores, weighing.weights)) for row in reviews],
        own=own,
        hidden=hidden,
        priorities=priorities.priorities(scoring.means_of(scores), answers, len(members)),
        replies=_replies(project, criteria, answers, named) if with_questions else [],
        named=named,
        review_refusal=why_not,
    )


def _people(project: Project, members: Sequence[Member]) -> set[int | None]:
    named = {project.owner_id, project.sponsor_id, project.created_by_id, project.deploy_authority_id}
    return named | {member.user_id for member in members}


def _scales(weighing: weights.Weighing, found: scoring.Summary, own: Review | None) -> list[Scale]:
    return [
        Scale(
            item["code"],
            item["title"],
            item["question"],
            tuple(item["anchors"]),
            weighing.weights[item["code"]],
            found.dimensions.get(item["code"]),
            own.scores[item["code"]] if own else None,
        )
        for item in weighing.scales
    ]


def _replies(
    project: Project,
    criteria: list[Criterion],
    answers: Mapping[str, Mapping[str, Any]],
    named: Mapping[str, Dataset],
) -> list[Reply]:
    known = {item.code: item for item in criteria}
    names = names_of(named)
    return [
        Reply(
            item,
            field_questions.title_of(item, known),
            words(item.said, names),
            words(field_questions.said_at(answers.get(item.code, {}), item.field), names),
            field_questions.is_changed(item, answers),
        )
        for item in project.field_questions.for_list()
    ]


def around(project: Project) -> Surroundings:
    """Reviewers, earlier decisions and what it was told apart from."""
    return Surroundings(
        list(project.reviewers.select_related("user", "invited_by")),
        list(project.intake_decisions.for_list()),
        list(project.distinctions.select_related("other", "given_by")),
    )


def names_of(named: Mapping[str, Dataset]) -> dict[str, str]:
    """Data sets in words by their keys."""
    return {key: named_data.in_words(dataset) for key, dataset in named.items()}


def parts_of(found: Qualification) -> list[Part]:
    """Every question with its fields in words, also those that are still empty, so that each can be asked about."""
    names = {member.user.username: str(member.user) for member in found.members} | names_of(found.named)
    return [
        Part(
            item,
            [
                Line(name, str(rule.get("title", name)), _said(rule, (item.answer or {}).get(name), names))
                for name, rule in fields_of(item.answer_schema)
            ],
        )
        for item in found.criteria
    ]


def _said(rule: Mapping[str, Any], value: Any, names: Mapping[str, str]) -> str:
    if value is None:
        return ""
    return words(value, names if is_named(rule) else {})


def decide_refusal(user: User, found: Qualification, request: ApprovalRequest | None) -> str:
    """Why the person does not decide this intake now, as far as the page can tell cheaply; empty when they may.

    Whoever stands in for a CoE lead decides on the page of the request, which knows delegations.
    """
    project = found.project
    if reason := part_refusal(user, found, request):
        return reason
    if request and any(user.pk in (row.actor_id, row.on_behalf_of_id) for row in request.decisions.all()):
        return f"You have decided it; {request.key} waits for {project.waiting_on}."
    if found.waits_for_concept or request:
        return ""
    return "Nothing of this intake waits for a decision now."


def part_refusal(user: User, found: Qualification, request: ApprovalRequest | None) -> str:
    """Why the person never decides this intake, whatever waits; empty when they may."""
    if user.pk in _people(found.project, found.members) or (request and user.pk in request.excluded):
        return "You take part in this project, so another CoE lead decides its intake."
    return "" if user.is_lead else "Only CoE leads decide an intake."


def request_of(project: Project) -> ApprovalRequest | None:
    """The open request for the first gate, with who has spoken."""
    return deciding.open_request(project)
