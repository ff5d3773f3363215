"""What the clock of a proof of concept says about the next best action."""

from django.urls import reverse

from coe_portal.core.models import User
from governance.models import PocChoice
from governance.policies.poc_clock import OVER, RUNNING
from governance.services import poc_clock, poc_decisions
from governance.services.next_actions import NextAction
from projects.models import Project


def decide_how_it_goes_on(project: Project, user: User) -> NextAction | None:
    """Ask for a decision while the clock is nearly run down, unless one holds: those whom it concerns, nobody else."""
    if user.pk not in (project.owner_id, project.sponsor_id) and not user.is_lead:
        return None
    known = poc_clock.known_of(project)
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
