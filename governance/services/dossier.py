"""What an approver reads: what changes, the evidence, who did what. Read from the frozen specification."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coe_portal.core.models import AuditEntry, User
from governance import permissions
from governance.models import ApprovalRequest, ApprovalState, Condition, Decision, Delegation, StepState
from governance.policies.document import GateRule, Policy
from governance.policies.wording import Fact, facts_of, place, words
from governance.services import conditions, policies, revisions, spending
from projects.checklists import is_complete
from projects.models import Evidence, Stage
from projects.models.project import ENDED
from projects.services import named_data

HISTORY = 30
KINDS = {
    "waive": ("clock-pause", "Waiver"),
    "extend_poc": ("hourglass", "More time or money"),
    "grant_data": ("database", "Access to data"),
}


@dataclass(frozen=True)
class EvidenceRow:
    """One criterion as it was submitted: ``state`` is ok or warn, ``note`` says why."""

    code: str
    question: str
    facts: list[Fact]
    links: list[Evidence]
    state: str
    note: str


@dataclass(frozen=True)
class Duty:
    """One person or step of the separation of duties: ``state`` is barred, done, wait or later."""

    who: str
    person: User | None
    text: str
    state: str


@dataclass(frozen=True)
class Dossier:
    """Everything on the page of one request."""

    changes: list[Fact]
    differences: list[Fact]
    evidence: list[EvidenceRow]
    duties: list[Duty]
    history: list[AuditEntry]
    refusal: str
    effect: str
    conditions: list[tuple[Condition, str]]
    seat: permissions.Seat | None

    @property
    def complete(self) -> int:
        """How many criteria are complete without doubt."""
        return len(self.evidence) - self.judgements

    @property
    def judgements(self) -> int:
        """How many criteria need a person's judgement."""
        return sum(row.state != "ok" for row in self.evidence)


def of(request: ApprovalRequest, reader: User, held: Sequence[Delegation] | None = None) -> Dossier:
    """Put together what ``reader`` sees of the request. ``held`` are their delegations, when they are known."""
    policy = policies.policy_of(request.policy_version)
    gate = gate_of(request, policy)
    names = _names(request.specification)
    stands = permissions.standing(request, reader, held)
    entries = AuditEntry.objects.about(request.ref).for_list().order_by("-id")[:HISTORY]
    return Dossier(
        changes=_changes(request, gate, names),
        differences=_differences(request, policy, names),
        evidence=_evidence(request, policy, gate, names),
        duties=_duties(request, stands),
        history=list(entries),
        refusal=stands.refusal,
        effect=_effect(request, gate, stands.seats[0]) if stands.seats else "",
        conditions=[(row, conditions.refusal(row, reader)) for row in request.conditions.for_list()],
        seat=stands.seats[0] if stands.seats else None,
    )


def gate_of(request: ApprovalRequest, policy: Policy) -> GateRule | None:
    """The gate that the request asks for, or None when it asks for something else."""
    return policy.gate_to(request.action.partition(":")[2])


def _names(specification: Mapping[str, Any]) -> dict[str, str]:
    """Display names of the people that a specification mentions."""
    wanted = {specification.get(role) for role in ("owner", "sponsor", "deploy_authority")}
    wanted |= {specification.get("asked_by"), *specification.get("team", {})}
    wanted.add(specification.get("answers", {}).get("team", {}).get("deploy_authority"))
    people = User.objects.filter(username__in=[name for name in wanted if name])
    as_they_are = [specification.get("dataset"), specification.get("environment"), *specification.get("columns", [])]
    datasets = _datasets([specification.get("answers", {}).get(named_data.CODE)])
    return datasets | {name: name for name in as_they_are if name} | {person.username: str(person) for person in people}


def _changes(request: ApprovalRequest, gate: GateRule | None, names: Mapping[str, str]) -> list[Fact]:
    said, answers = request.specification, request.specification.get("answers", {})
    if "answers" not in said:
        return [Fact(words(name).capitalize(), words(value, names)) for name, value in said.items() if value != ""]
    poc, value, currency = said.get("poc", {}), answers.get("value", {}), said.get("currency", "")
    facts = [Fact("Stage", Stage(gate.target).label, Stage(gate.source).label)] if gate else []
    facts.append(Fact("What it does", said.get("summary", "")))
    if "likely" in value:
        facts.append(Fact("Likely value", f"{currency} {words(value['likely'])} a year"))
    if poc.get("ends_on"):
        facts.append(Fact("Proof of concept", f"{words(poc['starts_on'])} to {words(poc['ends_on'])}"))
    if poc.get("budget"):
        facts.append(Fact("Budget", f"{currency} {words(float(poc['budget'])).removesuffix('.0')}"))
    facts += [
        Fact("Data", words(said.get("data_classification"))),
        Fact("Business unit", said.get("business_unit", "")),
        Fact("Sponsor", words(said.get("sponsor"), names)),
        Fact("Owner", words(said.get("owner"), names)),
        Fact("If it goes wrong", answers.get("feasible", {}).get("kill_criteria", "")),
    ]
    return [fact for fact in facts if fact.text]


def _differences(request: ApprovalRequest, policy: Policy, names: Mapping[str, str]) -> list[Fact]:
    titles, found = _titles(policy), revisions.changes_of(request)
    before = [{named_data.FIELD: item.before} for item in found if item.path[-1] == named_data.FIELD]
    names = _datasets(before) | dict(names)
    return [
        Fact(place(item.path, titles, names), words(item.after, names), words(item.before, names)) for item in found
    ]


def _datasets(answers: Iterable[Mapping[str, Any] | None]) -> dict[str, str]:
    """The data sets that answers name, in words by their keys."""
    return {key: named_data.in_words(dataset) for key, dataset in named_data.named_by(answers).items()}


def _titles(policy: Policy) -> dict[str, str]:
    titles = {"answers": "answers", "poc": "proof of concept"}
    for criterion in policy.criteria:
        titles[f"answers.{criterion['code']}"] = criterion["short"]
        for name, field in criterion["answer_schema"]["properties"].items():
            titles[f"answers.{criterion['code']}.{name}"] = f"{criterion['short']}: {field.get('title', name)}"
    return titles


def _evidence(
    request: ApprovalRequest, policy: Policy, gate: GateRule | None, names: Mapping[str, str]
) -> list[EvidenceRow]:
    if "answers" not in request.specification:
        return []
    links: dict[str, list[Evidence]] = {}
    pieces = Evidence.objects.current()
    for link in pieces.filter(criterion__project=request.project_id).select_related("criterion", "added_by"):
        links.setdefault(link.criterion.code, []).append(link)
    answers = request.specification.get("answers", {})
    codes = policy.asked_by(gate, request.specification.get("risk_tier", "")) if gate else None
    wanted = [item for item in policy.criteria if codes is None or item["code"] in codes]
    rows = [_row(item, answers.get(item["code"], {}), links.get(item["code"], []), names) for item in wanted]
    return sorted(rows, key=lambda row: row.state == "ok")


def _row(
    criterion: Mapping[str, Any], answer: Mapping[str, Any], links: list[Evidence], names: Mapping[str, str]
) -> EvidenceRow:
    schema = criterion["answer_schema"]
    complete = is_complete(criterion["code"], schema, answer)
    state, note = ("ok", "complete") if complete else ("warn", "not complete")
    unsure = [name for name, value in answer.items() if value == "unsure"]
    if complete and unsure:
        state, note = "warn", "needs your judgement: the team is unsure"
    elif complete and not links:
        note = "complete, no evidence attached"
    return EvidenceRow(criterion["code"], criterion["question"], facts_of(schema, answer, names), links, state, note)


def _duties(request: ApprovalRequest, stands: permissions.Standing) -> list[Duty]:
    asked = Duty(str(request.requester), request.requester, "Asked for this, so cannot decide it.", "barred")
    others = User.objects.filter(pk__in=[pk for pk in request.excluded if pk != request.requester_id])
    barred = [Duty(str(person), person, "Owns or wrote the project, so cannot decide.", "barred") for person in others]
    decisions = list(request.decisions.all())
    mine = {seat.step.pk: _seat_words(seat) for seat in stands.seats}
    steps = []
    for step in request.steps.all():
        given = [item for item in decisions if item.step_id == step.pk]
        steps += [Duty(f"{item.who}, {step.name}", item.actor, _said(item), "done") for item in given]
        if step.state in (StepState.OPEN, StepState.WAITING) and request.is_open:
            who = mine.get(step.pk, step.name)
            left = step.needed - len(given)
            quorum = f"{left} of {step.needed} still needed. " if step.needed > 1 else ""
            held = permissions.holder_words(step)
            by = f"{held[0].upper()}{held[1:]}{', in place of the usual one' if step.is_fallback else ''}."
            steps.append(Duty(who, None, quorum + by, "wait" if step.state == StepState.OPEN else "later"))
    return [asked, *barred, *steps]


def _seat_words(seat: permissions.Seat) -> str:
    return f"You for {seat.on_behalf_of}, {seat.step.name}" if seat.on_behalf_of else f"You, {seat.step.name}"


def _said(decision: Decision) -> str:
    words = decision.get_verdict_display()
    if decision.comment:
        words = f"{words}: “{decision.comment}”"
    if decision.kept_from:
        words = f"{words} (kept from {decision.kept_from_key}: what this step answers for has not changed)"
    return words


def _effect(request: ApprovalRequest, gate: GateRule | None, seat: permissions.Seat) -> str:
    """What happens next when the reader approves."""
    step = seat.step
    left = step.needed - sum(item.approves and item.step_id == step.pk for item in request.decisions.all()) - 1
    if left > 0:
        return f"{left} more of {permissions.holder_words(step)} decides after you."
    others = [each for each in request.steps.all() if each.pk != step.pk]
    beside = [each.name for each in others if each.state == StepState.OPEN]
    following = [each for each in others if each.state == StepState.WAITING][:1]
    if beside:
        return f"After you it still waits for {' and '.join(beside)}."
    if following:
        person = f" ({following[0].person})" if following[0].person else ""
        return f"After you it waits for {following[0].name}{person}."
    moves = f"{request.project.key} moves to {Stage(gate.target).label.lower()} at once" if gate else "it is done"
    return f"Yours is the last approval: {moves}{_stops(request, gate)}."


def _stops(request: ApprovalRequest, gate: GateRule | None) -> str:
    running = spending.running_of(request.project) if gate and gate.target in ENDED else 0
    return f", and {running} of its runs {'is' if running == 1 else 'are'} asked to stop" if running else ""


def kind_of(request: ApprovalRequest) -> tuple[str, str]:
    """Icon and words for the kind of question that the request asks."""
    verb, _, target = request.action.partition(":")
    if verb == "advance" and target in Stage.values:
        return "stairs-up", f"Gate to {Stage(target).label.lower()}"
    if verb == "break_glass":
        return "alert-octagon", "Break the glass"
    if verb in KINDS:
        return KINDS[verb]
    return "git-pull-request", "Approval"


def chip_of(request: ApprovalRequest, step_states: Sequence[str] | None = None) -> tuple[str, str]:
    """Kind and word of the request's status chip; ``step_states`` if a list has read them along with its rows."""
    kinds = {
        ApprovalState.APPROVED: "ok",
        ApprovalState.CHANGES_REQUESTED: "warn",
        ApprovalState.REJECTED: "bad",
    }
    if not request.is_open:
        return kinds.get(ApprovalState(request.state), "mute"), str(request.get_state_display())
    states = [step.state for step in request.steps.all()] if step_states is None else step_states
    return "info", f"{states.count(StepState.DONE)} of {len(states)} approved"
