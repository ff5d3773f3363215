"""The responsibility matrix as one form: what changed is saved, all of it or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from projects import permissions
from projects.models import Project, ResponsibilityKind, WorkArea
from projects.services import team

Place = tuple[str, str]  # id of the member, area of work
ACCOUNTABLE = ResponsibilityKind.ACCOUNTABLE.value
KNOWN = f"Choose one of {', '.join(ResponsibilityKind.values)}, or leave it empty."


@dataclass(frozen=True)
class Cell:
    """What a form says of one place of the matrix; ``seen`` is what stood there when it was read, None for unknown."""

    kind: str
    seen: str | None = None


def changes(held: Mapping[Place, str], cells: Mapping[Place, Cell]) -> tuple[list[tuple[Place, str]], list[Place]]:
    """What to save, and the places that somebody else changed to something different meanwhile. Pure.

    A cell that says what was read is untouched, so a form never takes back what a colleague did. Whoever becomes
    accountable comes last: an area has one accountable person, and naming one relieves the other.
    """
    wanted, crossed = [], []
    for place, cell in cells.items():
        now = held.get(place, "")
        if cell.kind in (now, cell.seen):
            continue
        if cell.seen is None or cell.seen == now:
            wanted.append((place, cell.kind))
        else:
            crossed.append(place)
    return sorted(wanted, key=lambda change: change[1] == ACCOUNTABLE), crossed


def contested(wanted: list[tuple[Place, str]]) -> list[str]:
    """The areas for which two people at once would become accountable. Pure."""
    areas = [area for (_, area), kind in wanted if kind == ACCOUNTABLE]
    return sorted({area for area in areas if areas.count(area) > 1})


@transaction.atomic
def save_matrix(*, project_key: str, cells: Mapping[Place, Cell], actor: User) -> int:
    """Save what a form changed. Returns how many places that were.

    Raises:
        NotFound, NotAllowed, StaleState: the person may not, or the team is fixed now.
        InvalidInput: by area: two accountable people, an unknown kind, or a place that a colleague changed meanwhile.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "manage_team", project)
    wanted, crossed = changes(_held(project), cells)
    errors = {area: [f"Choose one person who is accountable for {_label(area)}."] for area in contested(wanted)}
    errors |= {area: [KNOWN] for (_, area), kind in wanted if kind not in ("", *ResponsibilityKind.values)}
    errors |= {area: ["A colleague changed this meanwhile. Look at it again, then choose."] for _, area in crossed}
    if errors:
        raise InvalidInput(errors, "Nothing is saved yet: look at the marked areas.")
    for (member_id, area), kind in wanted:
        team.set_responsibility(project_key=project_key, member_id=member_id, work_area=area, kind=kind, actor=actor)
    return len(wanted)


def _held(project: Project) -> dict[Place, str]:
    return {
        (member.pk, duty.work_area): duty.kind
        for member in project.members.for_list()
        for duty in member.responsibilities.all()
    }


def _label(area: str) -> str:
    return str(WorkArea(area).label).lower()
