"""What reviewers of the demo organisation say of the intake that waits in qualification."""

from collections.abc import Mapping
from typing import Any

from coe_portal.core.models import User
from governance.models import Review
from governance.services import qualification
from projects.models import Project, Stage
from projects.services import reviewers


def seed_reviews(described: Mapping[str, Any], people: Mapping[str, User]) -> None:
    """Ask the named colleagues to review an intake and give their scores, once."""
    project = Project.objects.filter(name=described["project"], stage=Stage.QUALIFICATION).first()
    if project is None or Review.objects.filter(project=project).exists():
        return
    for given in described["reviews"]:
        actor = people[given["by"]]
        if not actor.is_lead:
            reviewers.invite(project_key=project.key, username=actor.username, actor=people["lead"])
        qualification.give_review(
            project_key=project.key, scores=given["scores"], comment=given.get("comment", ""), actor=actor
        )
