"""The business case of a project: one page of content from which the page on the screen and the PDF are both made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any

from django.db.models import Subquery
from django.utils import timezone

from coe_portal.core.models import User
from coe_portal.core.templatetags.coe_ui import day, money
from governance.models import ApprovalRequest, ApprovalStep, Decision, IntakeDecision, IntakeOutcome, StepState
from governance.policies import scoring
from governance.policies.wording import facts_of, words
from governance.services.qualification import summary
from projects.models import Criterion, CriterionStatus, Dataset, Project, Stage
from projects.services import named_data

LONGEST = 230
STATES = {
    CriterionStatus.ACCEPTED: "ok",
    CriterionStatus.WAIVED: "ok",
    CriterionStatus.ANSWERED: "info",
    CriterionStatus.OPEN: "warn",
    CriterionStatus.EXPIRED: "warn",
    CriterionStatus.REJECTED: "bad",
}


@dataclass(frozen=True)
class Figure:
    """One number that a sponsor looks for first, with what it is made of."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Answered:
    """One question of the checklist with its answer in a line; ``kind`` is a chip class for its ``state``.

    Attributes:
        datasets: the data sets of the register that it names, with their class and readiness of now.
    """

    question: str
    line: str
    kind: str
    state: str
    datasets: tuple[Dataset, ...] = ()

    @property
    def data_line(self) -> str:
        """The data sets in words, for paper; empty when it names none."""
        return "; ".join(map(named_data.in_words, self.datasets))


@dataclass(frozen=True)
class Signature:
    """A place to sign: who signs for what, and what they said in the portal already."""

    role: str
    name: str
    said: str


@dataclass(frozen=True)
class BusinessCase:
    """Everything that the page and the PDF say."""

    key: str
    name: str
    summary: str
    version: str
    as_of: datetime
    facts: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]
    recommendation: str
    reasons: tuple[str, ...]
    scores: tuple[tuple[str, str, str], ...]
    questions: tuple[Answered, ...]
    accepted: int
    signatures: tuple[Signature, ...]


def of(user: User, key: str) -> tuple[Project, BusinessCase, summary.Qualification]:
    """The project, its business case, and the qualification it draws on. Raises NotFound."""
    project = summary.find(user, key)
    found = summary.of(project, user, with_questions=False)
    decision = project.intake_decisions.for_list().exclude(outcome=IntakeOutcome.INVITE).first()
    return project, _made(project, found, decision, _signatures(project)), found


def _made(
    project: Project,
    found: summary.Qualification,
    decision: IntakeDecision | None,
    signatures: Sequence[Signature],
) -> BusinessCase:
    answers = {item.code: item.answer or {} for item in found.criteria}
    names = {member.user.username: str(member.user) for member in found.members}
    questions = tuple(_answered(item, names, found.named) for item in found.criteria)
    return BusinessCase(
        key=project.key,
        name=project.name,
        summary=project.summary,
        version=f"revision {project.revision}" if project.revision else "draft",
        as_of=timezone.now(),
        facts=_facts(project),
        figures=_figures(project, answers),
        recommendation=_recommendation(project, decision, found),
        reasons=_reasons(decision, answers),
        scores=_scores(found),
        questions=questions,
        accepted=sum(item.kind == "ok" for item in questions),
        signatures=tuple(signatures),
    )


def _facts(project: Project) -> tuple[tuple[str, str], ...]:
    return (
        ("Business unit", str(project.business_unit)),
        ("Sponsor", str(project.sponsor or "not named yet")),
        ("Owner", str(project.owner)),
        ("Stage", str(Stage(project.stage).label)),
        ("Data", project.get_data_classification_display() or "not classified yet"),
        ("Risk tier", project.get_risk_tier_display() or "not judged yet"),
    )


def _figures(project: Project, answers: Mapping[str, Mapping[str, Any]]) -> tuple[Figure, ...]:
    value, plan, metric = (answers.get(code, {}) for code in ("value", "feasible", "metric"))
    low, high, months = value.get("low"), value.get("high"), value.get("months_to_value")
    spread = f"Range {money(low, project.currency)} to {money(high, project.currency)}" if high is not None else ""
    back = payback_months(project.poc_budget, project.value_per_year)
    unit = f" {metric['unit']}" if metric.get("unit") else ""
    return (
        Figure("Value, per year", _money(project.value_per_year, project.currency), spread or "no range given"),
        Figure("Cost to the gate", _money(project.poc_budget, project.currency), _period(plan)),
        Figure(
            "Pays back in",
            "not known" if back is None else f"{back} month{'' if back == 1 else 's'}",
            f"of full use, which starts in {months} months" if months else "of full use",
        ),
        Figure(
            words(metric.get("name", "success metric")).capitalize(),
            f"{words(metric['target'])}{unit}" if "target" in metric else "not agreed",
            f"from {words(metric['baseline'])} today" if "baseline" in metric else "no value of today",
        ),
    )


def _money(amount: Decimal | None, currency: str) -> str:
    return "not known" if amount is None else money(amount, currency)


def _period(plan: Mapping[str, Any]) -> str:
    if "starts_on" not in plan or "ends_on" not in plan:
        return "no dates yet"
    return f"{words(plan['starts_on'])} to {words(plan['ends_on'])}"


def payback_months(cost: Decimal | None, value_per_year: Decimal | None) -> int | None:
    """Whole months of full use until the likely value has paid the cost of the proof of concept; None when unknown."""
    if cost is None or not value_per_year:
        return None
    return max(ceil(cost * 12 / value_per_year), 1)


def _recommendation(project: Project, decision: IntakeDecision | None, found: summary.Qualification) -> str:
    if decision is not None and decision.revision == project.revision:
        told = {
            IntakeOutcome.FUND: "Fund the proof of concept.",
            IntakeOutcome.DEFER: f"Wait until {day(decision.defer_until)}.",
            IntakeOutcome.DECLINE: "Do not go on.",
            IntakeOutcome.REQUEST_CHANGES: "Not yet: reviewers asked for changes.",
        }
        return told[IntakeOutcome(decision.outcome)]
    if project.stage == Stage.INTAKE:
        return "None yet: the case is being written."
    if found.summary.total is None:
        return "None yet: nobody has decided." if not found.hidden else "None yet: reviewers are scoring it."
    count, mean = found.summary.count, scoring.shown(found.summary.total.mean)
    return f"None yet: {count} reviewer{'' if count == 1 else 's'} gave it {mean:.2f} of 5."


def _reasons(decision: IntakeDecision | None, answers: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    found = []
    if decision is not None:
        who = (
            f"{decision.decided_by} for {decision.on_behalf_of}" if decision.on_behalf_of else str(decision.decided_by)
        )
        found.append(f"{who}, {day(decision.decided_at)}: {decision.reason}")
    if stop := answers.get("feasible", {}).get("kill_criteria"):
        found.append(f"Stop when: {stop}")
    if other := answers.get("challenge", {}).get("alternative"):
        found.append(f"Without machine learning: {other}")
    return tuple(cut(text, 320) for text in found)


def _scores(found: summary.Qualification) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (
            scale.title,
            f"{scale.spread.mean:.1f} of {scoring.HIGHEST}",
            f"{scale.spread.low:.0f} to {scale.spread.high:.0f}",
        )
        for scale in found.scales
        if scale.spread is not None
    )


def _answered(item: Criterion, names: Mapping[str, str], named: Mapping[str, Dataset]) -> Answered:
    keys = named_data.keys_of(item.answer) if item.code == named_data.CODE else []
    datasets = tuple(named[key] for key in keys if key in named)
    answer = {name: value for name, value in (item.answer or {}).items() if not keys or name != named_data.FIELD}
    facts = facts_of(item.answer_schema, answer, names)
    line = "; ".join(f"{fact.label}{'' if fact.label.endswith('?') else ':'} {fact.text.rstrip('.')}" for fact in facts)
    said = cut(line, LONGEST) or ("" if datasets else "Not answered yet.")
    status = CriterionStatus(item.status)
    return Answered(item.question, said, STATES[status], str(status.label), datasets)


def cut(text: str, most: int) -> str:
    """At most ``most`` characters on one line, cut between words."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1].rpartition(" ")[0].rstrip(" ,;:.") + "…"


def _signatures(project: Project) -> list[Signature]:
    """Who signs: the steps of the newest request for a gate, or those who will have to be asked."""
    newest = (
        ApprovalRequest.objects.filter(project=project, action__startswith="advance:").order_by("-pk").values("pk")[:1]
    )
    steps = list(ApprovalStep.objects.filter(request=Subquery(newest)).select_related("request"))
    if not steps:
        return [Signature("CoE lead", "", ""), Signature("Sponsor", str(project.sponsor or ""), "")]
    rows = Decision.objects.filter(request=steps[0].request).select_related("actor", "on_behalf_of")
    by_step: dict[int, Decision] = {row.step_id: row for row in rows if row.approves}
    return [
        Signature(
            step.name,
            str(by_step[step.pk].who) if step.pk in by_step else "",
            f"Approved {day(by_step[step.pk].decided_at)}, {step.request.key}"
            if step.pk in by_step
            else _waits(step.state),
        )
        for step in steps
    ]


def _waits(state: str) -> str:
    return "asked in the portal" if state == StepState.OPEN else ""
