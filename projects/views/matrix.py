"""Who answers for which work: by role for the overview, by member for the team page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projects.models import Member, Project, ProjectRole, ResponsibilityKind, WorkArea
from projects.services import raci

MARKS = {
    ResponsibilityKind.ACCOUNTABLE: "p",
    ResponsibilityKind.RESPONSIBLE: "p h",
    ResponsibilityKind.CONSULTED: "p c",
    ResponsibilityKind.INFORMED: "p c",
}
_STRENGTH = list(MARKS)


def by_role(members: list[Member]) -> list[dict[str, Any]]:
    """Areas of work × roles: the strongest kind that somebody with the role has."""
    rows = []
    for area, label in WorkArea.choices:
        cells: dict[str, ResponsibilityKind] = {}
        for member in members:
            for duty in member.responsibilities.all() if member.user.is_active else ():
                if duty.work_area == area:
                    _strengthen(cells, member.roles, ResponsibilityKind(duty.kind))
        marks = [(MARKS[cells[role]], cells[role].label) if role in cells else ("", "nobody") for role in _roles()]
        gap = ResponsibilityKind.ACCOUNTABLE not in cells.values()
        rows.append({"label": label, "marks": marks, "gap": gap, "empty": not cells})
    return rows


def _roles() -> list[str]:
    return [role for role in ProjectRole.values if role != ProjectRole.SPONSOR]


def _strengthen(cells: dict[str, ResponsibilityKind], roles: list[str], kind: ResponsibilityKind) -> None:
    for role in roles:
        if role not in cells or _STRENGTH.index(kind) < _STRENGTH.index(cells[role]):
            cells[role] = kind


@dataclass(frozen=True)
class CellField:
    """One place of the editor: its field, what stands there, and what is kept."""

    member: Member
    name: str
    kind: str
    kept: str


def by_member(
    members: list[Member], posted: Mapping[str, str], refused: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """Areas of work × members: what each member is for the area, as ``posted`` by a refused form or as it is kept.

    ``refused`` holds, by area, the sentences that say why the form was refused.
    """
    held = {member.pk: {duty.work_area: duty.kind for duty in member.responsibilities.all()} for member in members}
    rows = []
    for area, label in WorkArea.choices:
        cells = [_cell(member, area, held[member.pk].get(area, ""), posted) for member in members]
        accountable = ResponsibilityKind.ACCOUNTABLE
        gap = all(cell.kept != accountable or not cell.member.user.is_active for cell in cells)
        rows.append({"area": area, "label": label, "cells": cells, "gap": gap, "errors": refused.get(area, ())})
    return rows


def _cell(member: Member, area: str, kept: str, posted: Mapping[str, str]) -> CellField:
    name = field_name(member.pk, area)
    return CellField(member, name, posted.get(name, kept), kept)


def cells_of(project: Project, posted: Mapping[str, str]) -> dict[raci.Place, raci.Cell]:
    """What the form says, by place; places that it leaves out are not touched."""
    return {
        (member_id, area): raci.Cell(posted[name], posted.get(f"seen-{name}"))
        for member_id in project.members.values_list("pk", flat=True)
        for area in WorkArea.values
        if (name := field_name(member_id, area)) in posted
    }


def field_name(member_id: str, area: str) -> str:
    """Name of the cell's form field."""
    return f"duty-{member_id}-{area}"
