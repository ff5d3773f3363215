"""What the clock of a proof of concept says about the next best action."""

from django.urls import reverse

from coe_portal.core.models import User
from governance.models import PocChoice
from governance.policies.poc_clock import OVER, RUNNING
from governance.services import gates, poc_clock, poc_decisions
from governance.services.next_actions import NextAction
from projects import permissions as project_permissions
from projects.models import Project


def decide_how_it_goes_on(project: Project, user: User) -> NextAction | None:
    """The next gate after a go; else a decision while the clock is nearly run down, asked of those whom it concerns."""
    known = poc_clock.known_of(project)
    if known.decision == PocChoice.GO and known.holds:
        return ask_for_the_gate(project, user)
    if user.pk not in (project.owner_id, project.sponsor_id) and not user.is_lead:
        return None
    reading = poc_clock.reading_of(project, known.spent)
    if reading.level == RUNNING or known.holds:
        return None
    used = [f"{hand.percent}% of its {hand.kind}" for hand in reading.hands if hand.level != RUNNING]
    why = f"The proof of concept has used {' and '.join(used)}."
    if reading.level == OVER:
        why += " New runs are refused until it is decided."
    url = reverse("governance:poc_decision", args=[project.key])
    if not poc_decisions.refusal(user, project, PocChoice.GO):
        return NextAction("Decide how the proof of concept goes on", why, "you", "Decide", url)
    who = str(project.sponsor or "a CoE lead")
    return NextAction(f"{who} decides how the proof of concept goes on", why, who, "See the clock", url)


def ask_for_the_gate(project: Project, user: User) -> NextAction:
    """Ask for the next gate, with a button that does it; while the gate is closed, what is missing."""
    title, decided = "Ask for the next gate", "It is decided that the proof of concept goes on."
    url = reverse("governance:project_gate", args=[project.key])
    missing = gates.check(project, "advance", actor=user).missing
    if missing:
        count = f"{len(missing)} thing{' is' if len(missing) == 1 else 's are'} missing before the next gate."
        return NextAction(title, f"{decided} {count}", str(project.owner), "See the gates", url, missing=missing)
    why = f"{decided} Everything that the gate needs is there."
    asks = project_permissions.takes_part(user, project) and not project_permissions.refusal(user, "submit", project)
    if not asks:  # who asks cannot approve, so whoever decides here leaves it to the team
        return NextAction(title, why, str(project.owner), "See the gates", url)
    command = reverse("governance:advance", args=[project.key])
    return NextAction(title, why, "you", "Ask for the next gate", command=command)
