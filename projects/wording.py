"""What happens to projects, their checklist and their team, in sentences of the audit trail."""

from typing import Any

from coe_portal.core.story import Telling, names, shortened, tells
from projects.models import CriterionStatus, ProjectRole, ResponsibilityKind, Stage, WorkArea
from projects.services import named_data

names(named_data.FIELD, named_data.names_of)

LABELS: dict[str, dict[Any, Any]] = {
    "role": dict(ProjectRole.choices),
    "area": dict(WorkArea.choices),
    "kind": dict(ResponsibilityKind.choices),
    "stage": dict(Stage.choices),
}
LESSONS = {"worked": "what worked", "failed": "what failed", "different": "what they would do differently"}
FEW = 2


def _label(kind: str, code: str) -> str:
    return str(LABELS[kind].get(code, code.replace("_", " "))).lower()


@tells("project.created")
def _created(told: Telling) -> str:
    return f"proposed the project “{told.after['name']}”"


@tells("project.changed")
def _changed(told: Telling) -> str:
    changes = told.changes()
    if len(changes) > FEW:
        return f"changed {', '.join(name.lower() for name, _, _ in changes)}"
    return "changed " + " and ".join(
        f"{name.lower()} from “{shortened(before, 60) or 'nothing'}” to “{shortened(after, 60) or 'nothing'}”"
        for name, before, after in changes
    )


@tells("project.stage_moved")
def _moved(told: Telling) -> str:
    return f"moved the project from {_label('stage', told.before['stage'])} to {_label('stage', told.after['stage'])}"


@tells("checklist.answered")
def _answered(told: Telling) -> str:
    return f"{'changed the answer to' if told.before else 'answered'} “{told.label}”"


@tells("checklist.class_raised")
def _class_raised(told: Telling) -> str:
    return f"raised the class of the data from {told.before['classification']} to {told.after['classification']}"


@tells("checklist.planned")
def _planned(told: Telling) -> str:
    owner, due = told.after.get("owner"), told.after.get("due_on")
    until = f" until {due}" if due else ""
    return f"gave “{told.label}” to {told.said(owner) if owner else 'nobody'}{until}"


@tells("checklist.evidence_added")
def _evidence(told: Telling) -> str:
    return f"added the evidence “{told.after['title']}” to “{told.label}”"


@tells("checklist.verdict")
def _verdict(told: Telling) -> str:
    if told.after["status"] == CriterionStatus.REJECTED:
        return f"sent the answer to “{told.label}” back"
    return f"accepted the answer to “{told.label}”"


def _roles(state: dict[str, Any]) -> str:
    return " and ".join(_label("role", role) for role in state.get("roles", [])) or "no role"


@tells("team.member_added")
def _joined(told: Telling) -> str:
    return f"added {told.label} to the team as {_roles(told.after)}"


@tells("team.roles_changed")
def _roles_changed(told: Telling) -> str:
    return f"changed the roles of {told.label} from {_roles(told.before)} to {_roles(told.after)}"


@tells("team.member_removed")
def _left(told: Telling) -> str:
    return f"took {told.label} out of the team, who was {_roles(told.before)}"


@tells("team.responsibility_set")
def _duty(told: Telling) -> str:
    (area, kind), *_ = told.after.items()
    if not kind:
        return f"took {_label('area', area)} away from {told.label}"
    return f"made {told.label} {_label('kind', kind)} for {_label('area', area)}"


@tells("lesson.given")
def _lesson(told: Telling) -> str:
    kind = LESSONS.get(told.after["kind"], told.after["kind"])
    return f"shared {kind}: “{told.after['title']}”"


@tells("project.closed")
def _closed(told: Telling) -> str:
    return f"closed the project for good; its {told.after['lessons']} lessons are written"


@tells("lessons.owed")
def _owed(told: Telling) -> str:
    return f"asked {told.said(told.after['owner'])} for the lessons until {told.after['due_on']}"


ACCESS = {
    "requested": "asked for {access}",
    "approved": "approved {access}, which waits for the gate",
    "granted": "granted {access} until {until}",
    "refused": "refused {access}",
    "withdrawn": "closed the request for {access}",
    "expired": "ended {access}, because its time was over",
    "revoked": "revoked {access}",
    "finished": "gave back {access}",
    "reminded": "reminded the team that {access} ends soon",
    "destruction_attested": "attested that the copy at {place} is destroyed",
    "copy_found": "looked for the copy of {access} and did not find its prefix empty",
    "closed": "saw the prefix of the copy empty and closed {access}",
}


@tells(*(f"data_access.{name}" for name in ACCESS))
def _access(told: Telling) -> str:
    said = ACCESS[told.entry.action.partition(".")[2]]
    until = str(told.after.get("expires_at", ""))[:10]
    return said.format(access=_lower(told.label), until=until, place=told.after.get("copy_location", ""))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


@tells("concept.submitted", "concept.taken_back")
def _concept(told: Telling) -> str:
    return "sent the concept to the CoE leads" if told.entry.action == "concept.submitted" else "took the concept back"


@tells("reviewer.invited", "reviewer.released")
def _reviewer(told: Telling) -> str:
    person = told.label.partition(" reviews ")[0]
    return f"{'asked' if told.entry.action == 'reviewer.invited' else 'released'} {person} as a reviewer"


@tells("field_question.answered")
def _question(told: Telling) -> str:
    place = told.after["place"].replace(".", ": ").replace("_", " ")
    return f"answered a reviewer's question about “{place}”{' by changing it' if told.after['changed'] else ''}"


@tells("project.told_apart")
def _told_apart(told: Telling) -> str:
    return f"said why this is not {told.after['from']}"


@tells("join.asked", "join.joined", "join.refused", "join.withdrawn")
def _join(told: Telling) -> str:
    person = told.label.partition(" asks to join ")[0]
    brought = f" with {told.after['intake']}" if told.after.get("intake") else ""
    words = {"asked": f"asked to join{brought}", "joined": f"took {person} into the team"}
    words |= {"refused": f"did not take {person} into the team", "withdrawn": "does not ask to join any more"}
    return words[told.entry.action.partition(".")[2]]


@tells("checklist.evidence_withdrawn")
def _evidence_withdrawn(told: Telling) -> str:
    return f"withdrew the evidence “{told.before['title']}” of “{told.label}”"


@tells("checklist.reopened")
def _reopened(told: Telling) -> str:
    return f"opened “{told.label}” again"


@tells("checklist.expired")
def _expired(told: Telling) -> str:
    return f"let the answer to “{told.label}” expire"


@tells("checklist.confirmed")
def _confirmed(told: Telling) -> str:
    return f"confirmed that the answer to “{told.label}” still holds"


@tells("checklist.waived")
def _waived(told: Telling) -> str:
    return f"waived “{told.label}” until {told.after['waived_until']}"


@tells("checklist.waiver_ended")
def _waiver_ended(told: Telling) -> str:
    return f"ended the waiver of “{told.label}”"


@tells("project.poc_extended")
def _extended(told: Telling) -> str:
    before, after = told.before, told.after
    moved = [f"{name} from {before[key]} to {after[key]}" for key, name in _PLAN if before[key] != after[key]]
    return f"extended the proof of concept: {' and '.join(moved)}"


_PLAN = (("ends_on", "its end"), ("budget", "its budget"))
