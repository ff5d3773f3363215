"""The one thing that helps a project most now: computed from its stage, its gate and who is asking."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from coe_portal.core.models import User
from governance import permissions
from governance.models import ApprovalRequest, ApprovalState
from governance.services import gates
from projects import checklists
from projects import permissions as project_permissions
from projects.models import Project, Stage
from projects.services import gaps as coverage


@dataclass(frozen=True)
class NextAction:
    """What to do, why it helps, who does it, and the page where it is done (empty when one can only wait)."""

    title: str
    why: str
    who: str
    button: str = ""
    url: str = ""


Adviser = Callable[[Project, User], NextAction | None]
_ADVISERS: dict[str, Adviser] = {}


def register_adviser(name: str, adviser: Adviser) -> None:
    """Let a higher app advise a project in its proof of concept; ``adviser`` gives None when it has nothing to say."""
    _ADVISERS[name] = adviser


def next_action(project: Project, user: User) -> NextAction:
    """The most useful next step of the project, as this person sees it."""
    if project.stage == Stage.INTAKE:
        return _complete_intake(project, user)
    waiting = ApprovalRequest.objects.filter(project=project, state=ApprovalState.OPEN).first()
    if waiting is not None:
        return _decide(waiting, user)
    if project.stage == Stage.POC:
        return _in_poc(project, user)
    if not project.is_open:
        label = project.get_stage_display()
        return NextAction(
            f"This project is {label.lower()}", "It is kept as it ended; its history stays readable.", "nobody"
        )
    return _advance(project, user)


def _complete_intake(project: Project, user: User) -> NextAction:
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
    answer = gates.check(project, "advance", actor=user)
    if answer.allowed:
        why = "Everything that the gate needs is there."
        url = reverse("projects:detail", args=[project.key]) + "#gates"
        return NextAction("Ask for the next gate", why, str(project.owner), "See the gates", url)
    first = answer.missing[0]
    return NextAction(
        first.how_to_fix or first.message, first.message, str(project.owner), "Open" if first.url else "", first.url
    )
