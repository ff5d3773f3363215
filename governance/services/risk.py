"""The risk tier of a project: given by its policy's questionnaire, asked again when the project changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.urls import reverse

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, Missing, StaleState
from coe_portal.core.models import User
from governance.events import RiskAssessed
from governance.models import RiskAssessment
from governance.policies.document import digest
from governance.policies.risk import Questionnaire, Score
from governance.policies.rules import part_of
from governance.services import policies
from projects import permissions
from projects.models import Project
from projects.services import projects

AGAIN = "It was answered again."


def questionnaire_of(project: Project) -> Questionnaire | None:
    """The questionnaire of the policy that the project is pinned to, if that has one."""
    return policies.policy_of(project.policy_version).risk


def current(project: Project) -> RiskAssessment | None:
    """The assessment that holds now, if there is one."""
    return RiskAssessment.objects.for_list().filter(project=project, is_current=True).first()


@transaction.atomic
def answer(*, project_key: str, answers: Mapping[str, Sequence[str] | str], actor: User) -> RiskAssessment:
    """Answer the whole questionnaire; its points give the project its risk tier.

    Raises:
        NotFound, NotAllowed: the person may not.
        StaleState: the policy has no questionnaire, or the answers are with the approvers.
        InvalidInput: a question is not answered, or with something that cannot be chosen.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "answer", project)
    permissions.require_open_checklist(project)
    asked = questionnaire_of(project)
    if asked is None:
        raise StaleState(f"The policy {project.policy_version} has no risk questionnaire.")
    given = chosen(answers)
    if errors := asked.problems(given):
        raise InvalidInput(errors)
    before = current(project)
    if before and before.answers == given and before.basis == basis_of(project, asked):
        return before
    return keep(project, asked, given, by=actor, actor=actor, because=AGAIN)


def chosen(answers: Mapping[str, Sequence[str] | str]) -> dict[str, list[str]]:
    """Answers in one form: a list of values for each question, in alphabetical order."""
    lists = {code: [value] if isinstance(value, str) else list(value) for code, value in answers.items()}
    return {code: sorted(set(values)) for code, values in sorted(lists.items())}


def keep(
    project: Project, asked: Questionnaire, given: dict[str, list[str]], *, by: User, actor: User, because: str
) -> RiskAssessment:
    """Score these answers and make them the ones that hold. Call with the project's row locked.

    ``by`` answered, ``actor`` did what led here: somebody else when the project moves to another policy.
    """
    score: Score = asked.score(given)
    before = project.risk_tier
    end(project, because)
    row = RiskAssessment.objects.create(
        project=project,
        policy_version=project.policy_version,
        answers=given,
        points=score.points,
        tier=score.tier,
        basis=basis_of(project, asked),
        answered_by=by,
    )
    projects.set_risk_tier(project, score.tier, assessed=True)
    after = {"risk_tier": score.tier, "points": score.points, "answers": given, "reasons": score.reasons}
    audit.record(actor=actor, action="risk.assessed", subject=project, before={"risk_tier": before}, after=after)
    outbox.publish(RiskAssessed(project.key, row.pk, score.tier))
    return row


def end(project: Project, because: str) -> RiskAssessment | None:
    """The assessment that held holds no longer. Returns it, or None when there was none."""
    row = RiskAssessment.objects.select_for_update().filter(project=project, is_current=True).first()
    if row is not None:
        row.is_current, row.ended_because = False, because[:200]
        row.save(update_fields=["is_current", "ended_because"])
    return row


@transaction.atomic
def reopen_if_changed(*, project_key: str) -> bool:
    """Ask for the tier again when what it rests on has changed. Returns whether it did. Safe twice."""
    project = Project.objects.by_key(project_key).select_for_update().first()
    row = current(project) if project else None
    asked = questionnaire_of(project) if project else None
    if project is None or row is None or asked is None or row.basis == basis_of(project, asked):
        return False
    reopen(project, "What the project is has changed since it was answered.")
    return True


def reopen(project: Project, because: str) -> None:
    """The tier is not known any more. Call with the project's row locked."""
    row = end(project, because)
    before = {"risk_tier": project.risk_tier}
    projects.set_risk_tier(project, "", assessed=False)
    audit.record(
        actor=None, action="risk.reopened", subject=project, before=before, after={"risk_tier": ""}, comment=because
    )
    if row is not None:
        outbox.publish(RiskAssessed(project.key, row.pk, ""))


def basis_of(project: Project, asked: Questionnaire) -> str:
    """Digest of the answers of the checklist on which the tier rests."""
    codes = {place.partition(".")[0] for place in asked.reopened_by}
    rows = project.criteria.filter(code__in=codes).values_list("code", "answer") if codes else ()
    return digest(part_of(dict(rows), asked.reopened_by))


def missing(project: Project, action: str) -> list[Missing]:
    """What the risk tier leaves closed; ``action`` is one of the gates' actions, for a gate such as advance:poc."""
    asked = questionnaire_of(project)
    if asked is None:
        return []
    url = reverse("governance:risk", args=[project.key])
    if asked.forbids(project.risk_tier):
        sentence = f"The risk tier of {project.key} is {project.get_risk_tier_display().lower()}: nothing may be done."
        return [Missing("risk_forbidden", sentence, "Change what the project does, then answer again.", url)]
    if not asked.is_required_for(action):
        return []
    reason = _unknown(project, asked)
    return [Missing("risk_tier", reason, "Answer the risk questionnaire.", url)] if reason else []


def _unknown(project: Project, asked: Questionnaire) -> str:
    """Why the tier is not known; empty when it is."""
    row = current(project)
    if row is None:
        return f"The risk tier of {project.key} is not known."
    if row.policy_version != project.policy_version or row.tier != project.risk_tier or row.tier not in asked.names:
        return f"The risk tier of {project.key} was given under other rules."
    if row.basis != basis_of(project, asked):
        return f"{project.key} has changed since its risk tier was given."
    return ""


def explain(asked: Questionnaire, row: RiskAssessment | None) -> list[dict[str, Any]]:
    """The questions with their options and points, and what was chosen, for pages and the API."""
    answers = row.answers if row else {}
    return [
        {
            "code": question["code"],
            "question": question["question"],
            "hint": question.get("hint", ""),
            "several": question.get("several", False),
            "references": question.get("references", []),
            "options": [
                {**option, "chosen": option["value"] in answers.get(question["code"], ())}
                for option in question["options"]
            ],
        }
        for question in asked.questions
    ]
