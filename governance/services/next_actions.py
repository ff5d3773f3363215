"""The one thing that helps a project most now: computed from its stage, its gate and who is asking."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from coe_portal.core.errors import Missing
from coe_portal.core.models import User
from governance import permissions
from governance.models import ApprovalRequest, ApprovalState
from governance.services import gates, policies, qualification
from projects import checklists
from projects import permissions as project_permissions
from projects.models import LessonsOwed, Project, Stage
from projects.models.project import ENDED
from projects.services import concepts, lessons
from projects.services import gaps as coverage


@dataclass(frozen=True)
class NextAction:
    """What to do, why it helps, who does it, and the page where it is done (empty when one can only wait).

    Attributes:
        command: the address that the button sends to, when pressing it does it at once; then ``url`` is not used.
        missing: what has to be done before, each with the way to it.
    """

    title: str
    why: str
    who: str
    button: str = ""
    url: str = ""
    command: str = ""
    missing: tuple[Missing, ...] = ()


Adviser = Callable[[Project, User], NextAction | None]
_ADVISERS: dict[str, Adviser] = {}


def register_adviser(name: str, adviser: Adviser) -> None:
    """Let a higher app advise a project in its proof of concept; ``adviser`` gives None when it has nothing to say."""
    _ADVISERS[name] = adviser


def next_action(project: Project, user: User) -> NextAction:
    """The most useful next step of the project, as this person sees it."""
    if project.stage == Stage.INTAKE:
        return _complete_intake(project, user)
    asked = ApprovalRequest.objects.filter(project=project, state=ApprovalState.OPEN)
    waiting = asked.select_related("project__owner", "requester").first()
    if waiting is not None:
        return _decide(waiting, user)
    if project.stage == Stage.POC:
        return _in_poc(project, user)
    return _advance(project, user) if project.is_open else _ended(project)


def _ended(project: Project) -> NextAction:
    if project.stage == Stage.DEFERRED:
        why = f"It waits for {project.waiting_on}. Its answers can be worked on meanwhile."
        return NextAction("Nothing until it comes back", why, "nobody")
    if (owed := lessons.owed_by(project)) is not None:
        return _owes_lessons(owed)
    ended = f"This project is {project.get_stage_display().lower()}"
    return NextAction(ended, "It is kept as it ended; its history stays readable.", "nobody")


def _of_concept(project: Project, user: User) -> NextAction:
    if user.is_lead and not project_permissions.takes_part(user, project):
        url = reverse("governance:qualification", args=[project.key])
        return NextAction(
            "Answer the concept", "Invite it, ask, defer or decline, with the reason.", "you", "Read it", url
        )
    url = reverse("projects:concept", args=[project.key])
    why = "It is fixed until then. What you wrote stands in the full case already."
    return NextAction("Wait for a CoE lead to answer the concept", why, "any CoE lead", "Open the concept", url)


def _answer_questions(project: Project) -> NextAction | None:
    asked = project.field_questions.open().count()
    if not asked:
        return None
    url = reverse("projects:intake_step", args=[project.key, "check"]) + "#asked"
    title = "Answer the question of a reviewer" if asked == 1 else f"Answer {asked} questions of reviewers"
    why = "Change the fields or answer in words; then submit it again."
    return NextAction(title, why, str(project.owner), "See the questions", url)


def _owes_lessons(owed: LessonsOwed) -> NextAction:
    why = f"It has ended, and is closed for good once they are written; due {owed.due_on:%d %B}."
    url = reverse("projects:lessons", args=[owed.project.key])
    return NextAction("Write down what it has taught", why, str(owed.owner), "Write the lessons", url)


def _complete_intake(project: Project, user: User) -> NextAction:
    if project.waiting_on == concepts.WAITING:
        return _of_concept(project, user)
    if (asked := _answer_questions(project)) is not None:
        return asked
    ready = checklists.readiness(project.criteria.all())
    owner = str(project.owner)
    if ready.gains:
        gain = ready.gains[0]
        why = f"Adds up to {gain.points} points to the score of {ready.score}; a complete intake can be submitted."
        url = reverse("projects:intake_step", args=[project.key, "challenge"])
        return NextAction(gain.message, why, owner, "Continue the intake", url)
    if not ready.complete:
        url = reverse("projects:intake_step", args=[project.key, "check"])
        return NextAction("Mend what cannot be used", ready.missing[0].how_to_fix, owner, "See what is wrong", url)
    if project.sponsor_id is None:
        url = reverse("projects:team", args=[project.key])
        return NextAction("Name the sponsor", "Somebody has to pay for it and approve it.", owner, "Open the team", url)
    del user
    url = reverse("projects:intake_step", args=[project.key, "check"])
    return NextAction(
        "Submit the intake", "Everything is answered; the approvers are asked in turn.", owner, "Check and submit", url
    )


def _decide(waiting: ApprovalRequest, user: User) -> NextAction:
    url = reverse("governance:approval", args=[waiting.key])
    if waiting.paused_at and user.pk in (waiting.requester_id, waiting.project.owner_id):
        why = "An approver asks something; the clock stands still until you answer."
        return NextAction(f"Answer the question on {waiting.key}", why, "you", "Read and answer", url)
    if not permissions.refusal(waiting, user):
        why = "The evidence is on one page; two minutes are enough."
        return NextAction(f"Decide {waiting.key}", why, "you", "Read and decide", url)
    if qualification.is_awaited(user, waiting.project):
        why = "A CoE lead asked you. Four scales with anchors; others' scores come after yours."
        page = reverse("governance:qualification", args=[waiting.project.key])
        return NextAction("Score this intake", why, "you", "Read and score", page)
    holder = waiting.project.waiting_on or "its approvers"
    why = "Nothing needs to be done here until they decide. They are told in their inbox."
    return NextAction(f"Wait for {holder}", why, holder, "Open the request", url)


def _in_poc(project: Project, user: User) -> NextAction:
    for adviser in _ADVISERS.values():
        if (advice := adviser(project, user)) is not None:
            return advice
    return _next_run(project, user)


def _next_run(project: Project, user: User) -> NextAction:
    answer = gates.check(project, "start_run", environment_kind="local", actor=user)
    url = reverse("deployments:run_new", args=[project.key])
    metric = getattr(project, "success_metric", None)
    aim = f"The target is {metric.name} {metric.target:g}." if metric else "It reports the success metric."
    if answer.allowed:
        return NextAction(
            "Launch a training run", f"{aim} You see the price before you launch.", "you", "Launch a run", url
        )
    gaps = coverage.coverage_gaps(project)
    if gaps and not project_permissions.refusal(user, "manage_team", project):
        page = reverse("projects:team", args=[project.key])
        return NextAction(gaps[0].message, gaps[0].how_to_fix, str(project.owner), "Open the team", page)
    return NextAction(
        "A data scientist launches the next run", f"{aim} {answer.missing[0].message}", "the team's data scientist"
    )


def _advance(project: Project, user: User) -> NextAction:
    gate = policies.policy_of(project.policy_version).gate_from(project.stage)
    if gate is None or gate.target in ENDED:
        why = "No gate is ahead of it. When its work is done, it is retired; its lessons come first."
        url = reverse("governance:project_gate", args=[project.key])
        return NextAction(f"It is in {project.get_stage_display().lower()}", why, "nobody", "See the gates", url)
    answer = gates.check(project, "advance", actor=user)
    if answer.allowed:
        why = "Everything that the gate needs is there."
        url = reverse("projects:detail", args=[project.key]) + "#gates"
        return NextAction("Ask for the next gate", why, str(project.owner), "See the gates", url)
    first = answer.missing[0]
    return NextAction(
        first.how_to_fix or first.message, first.message, str(project.owner), "Open" if first.url else "", first.url
    )
