"""Who answers for which work: by role for the overview, by member for the team page."""

from typing import Any

from projects.models import Member, ProjectRole, ResponsibilityKind, WorkArea

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
            for duty in member.responsibilities.all():
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


def by_member(members: list[Member]) -> list[dict[str, Any]]:
    """Areas of work × members, each cell with the name of its field and what the member is for the area now."""
    held = {member.pk: {duty.work_area: duty.kind for duty in member.responsibilities.all()} for member in members}
    rows = []
    for area, label in WorkArea.choices:
        cells = [(member, field_name(member.pk, area), held[member.pk].get(area, "")) for member in members]
        gap = all(kind != ResponsibilityKind.ACCOUNTABLE for _, _, kind in cells)
        rows.append({"label": label, "cells": cells, "gap": gap})
    return rows


def field_name(member_id: str, area: str) -> str:
    """Name of the cell's form field."""
    return f"duty-{member_id}-{area}"
