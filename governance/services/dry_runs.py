"""What a policy would mean for every project that is under way, without writing anything.

The criteria that differ are found once for each pair of policies; rows are only read where something differs, in one
pass each, so that ten thousand projects take seconds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from governance.models import ApprovalRequest, ApprovalState, ApprovalStep, PolicyVersion, RiskAssessment
from governance.policies.document import Policy
from governance.policies.gate_words import asked_in_words
from governance.policies.moving import Held, fitted, names_of_both, step_words
from governance.policies.rules import Facts
from governance.policies.tally import Effect, Tally
from governance.services import policies
from governance.services.consequences import ADVANCE
from projects.models import Criterion, CriterionStatus, Project
from projects.models.project import ENDED

CHUNK = 2000


@dataclass(frozen=True)
class DryRun:
    """How many projects were looked at, and what would change for how many of them."""

    version: PolicyVersion
    projects: int
    effects: list[Effect]

    def as_json(self) -> dict[str, Any]:
        return {
            "policy": self.version.label,
            "projects": self.projects,
            "effects": [effect.as_json() for effect in self.effects],
        }


@dataclass(frozen=True)
class _Row:
    """What is needed to know of one project."""

    pk: int
    stage: str
    policy_version: str
    facts: Facts

    @property
    def key(self) -> str:
        return f"PRJ-{self.pk}"


def dry_run(version: PolicyVersion) -> DryRun:
    """Compare a version, most usefully a draft, with what every project under way is pinned to."""
    new, tally, count = Policy(version.document), Tally(), 0
    gates = _Gates(new)
    labels: set[str] = set()
    for row in _rows(version.label):
        count += 1
        labels.add(row.policy_version)
        for kind, short in _asked(row.policy_version, new, gates):
            tally.add(kind, short, row.key)
        tally.difference("gate", *gates.next_steps(row), row.key)
        tally.difference("demand", *gates.next_demands(row), row.key)
    for label in sorted(labels):
        _answers(label, policies.policy_of(label), new, tally)
    _open_requests(version.label, gates, tally)
    _risks(version.label, new, tally)
    return DryRun(version, count, tally.effects)


def _rows(label: str) -> Iterator[_Row]:
    rows = Project.objects.open().exclude(policy_version=label).order_by("pk")
    names = ("pk", "stage", "policy_version", "poc_budget", "risk_tier", "data_classification")
    for pk, stage, pinned, budget, tier, data in rows.values_list(*names).iterator(chunk_size=CHUNK):
        yield _Row(pk, stage, pinned, Facts(budget, tier, data))


class _Gates:
    """The steps of gates under the old and the new policy, each combination of facts worked out once."""

    def __init__(self, new: Policy) -> None:
        self.new = new
        self.steps = cache(self._steps)
        self.demands = cache(self._demands)
        self.asked: dict[str, list[tuple[str, str]]] = {}

    def _steps(self, label: str, action: str, facts: Facts) -> tuple[str, ...]:
        policy = policies.policy_of(label) if label else self.new
        return tuple(step_words(step) for step in policy.steps_for(action, facts).steps)

    def next_steps(self, row: _Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Who decides the project's next gate now, and who would."""
        target = _NEXT.get(row.stage)
        action = f"{ADVANCE}{target}"
        return (
            (self.steps(row.policy_version, action, row.facts), self.steps("", action, row.facts))
            if target
            else ((), ())
        )

    def _demands(self, label: str, target: str, tier: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the gate asks of criteria that both policies have, and of the team, now and then."""
        old = policies.policy_of(label)
        both = names_of_both(old, self.new)
        return asked_in_words(old, target, tier, both), asked_in_words(self.new, target, tier, both)

    def next_demands(self, row: _Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the project's next gate asks besides approvals now, and what it would."""
        target = _NEXT.get(row.stage)
        return self.demands(row.policy_version, target, row.facts.risk_tier) if target else ((), ())


_NEXT = {
    "intake": "poc",
    "qualification": "poc",
    "poc": "production_ready",
    "production_ready": "production",
    "production": "retired",
}


def _asked(label: str, new: Policy, gates: _Gates) -> list[tuple[str, str]]:
    """What a project that is pinned to ``label`` would be asked more and less; worked out once."""
    if label not in gates.asked:
        before = {row["code"]: row["short"] for row in policies.policy_of(label).criteria}
        after = {row["code"]: row["short"] for row in new.criteria}
        gained = [("criterion_gained", f"“{after[code]}”") for code in after if code not in before]
        lost = [("criterion_lost", f"“{before[code]}”") for code in before if code not in after]
        gates.asked[label] = [*gained, *lost]
    return gates.asked[label]


def _answers(label: str, old: Policy, new: Policy, tally: Tally) -> None:
    """Answers to criteria that both policies ask, differently."""
    before = {row["code"]: row for row in old.criteria}
    for item in new.criteria:
        was = before.get(item["code"])
        if was is None:
            continue
        parts = [part for part in ("question", "answer_schema") if was[part] != item[part]]
        if parts:
            _judge(label, item, parts, tally)


def _judge(label: str, item: Mapping[str, Any], parts: list[str], tally: Tally) -> None:
    what = f"“{item['short']}”"
    rows = Criterion.objects.filter(project__in=Project.objects.open(), project__policy_version=label)
    rows = rows.filter(code=item["code"]).exclude(answer={}).order_by("project")
    for project, answer, status in rows.values_list("project", "answer", "status").iterator(chunk_size=CHUNK):
        change = fitted(item, Held(answer, status), parts)
        if change.lost or (change.reopens and change.status_after == CriterionStatus.OPEN):
            tally.add("answer_reopened", what, f"PRJ-{project}")
        elif status == CriterionStatus.ACCEPTED and change.reopens:
            tally.add("answer_judged_again", what, f"PRJ-{project}")


def _open_requests(label: str, gates: _Gates, tally: Tally) -> None:
    """Requests for gates that wait for a decision: who would be asked more or less if they were asked again."""
    waiting = ApprovalRequest.objects.filter(state=ApprovalState.OPEN, action__startswith=ADVANCE)
    waiting = waiting.exclude(project__policy_version=label)
    steps: dict[int, list[str]] = {}
    rows = ApprovalStep.objects.filter(request__in=waiting).order_by("position")
    for request, name, needed in rows.values_list("request", "name", "needed").iterator(chunk_size=CHUNK):
        steps.setdefault(request, []).append(name if needed == 1 else f"{name} ({needed} people)")
    names = ("pk", "action", "project__poc_budget", "project__risk_tier", "project__data_classification")
    for pk, action, *facts in waiting.order_by("pk").values_list(*names).iterator(chunk_size=CHUNK):
        tally.difference("approval", steps.get(pk, ()), gates.steps("", action, Facts(*facts)), f"APR-{pk}")


def _risks(label: str, new: Policy, tally: Tally) -> None:
    """Projects whose answers give another tier, or that have to answer because what they have is no answer."""
    if new.risk is None:
        return
    titles = {tier["tier"]: tier["title"] for tier in new.risk.tiers}
    rows = RiskAssessment.objects.filter(is_current=True, project__in=Project.objects.open())
    rows = rows.exclude(policy_version=label).order_by("project")
    fits: set[int] = set()
    for project, answers, tier in rows.values_list("project", "answers", "tier").iterator(chunk_size=CHUNK):
        if not new.risk.problems(answers):
            fits.add(project)
            score = new.risk.score(answers)
            if score.tier != tier:
                tally.add("risk_changed", titles[score.tier], f"PRJ-{project}")
    for row in _rows(label):
        target = _NEXT.get(row.stage)
        if row.pk not in fits and target and target not in ENDED and new.risk.is_required_for(f"{ADVANCE}{target}"):
            tally.add("risk_asked", "before the next gate", row.key)
