"""Evidence: added, replaced, withdrawn. What is withdrawn stays readable, and so does its file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotFound, StaleState
from coe_portal.core.models import User
from projects import permissions
from projects.models import CRITERION_LIFECYCLE, LIVE_KINDS, Criterion, CriterionStatus, Evidence, EvidenceKind
from projects.services import checklist, files, live_objects

MAX_TITLE, MAX_NOTE, MAX_REASON = 120, 4000, 500
ORPHAN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Piece:
    """What somebody wants to add. ``content`` is the file, ``file_name`` what it was called on their computer.

    Attributes:
        reference: which live object, such as ``4/validation:accuracy`` for a run's metric or ``APR-7`` for an approval.
        valid_until: the last day on which it proves anything; None for ever.
        replaces: id of the piece that it takes the place of.
    """

    kind: str
    title: str = ""
    url: str = ""
    note: str = ""
    reference: str = ""
    valid_until: date | None = None
    replaces: str = ""
    file_name: str = ""
    content: BinaryIO | None = None


def add(*, project_key: str, code: str, piece: Piece, actor: User) -> Evidence:
    """Add a piece of evidence to an answer.

    A file is written before the row and removed again if the row cannot be: nothing half kept stays.

    Raises:
        NotFound, NotAllowed, StaleState: the person may not, or the answers are with the approvers.
        InvalidInput: a field cannot be used, or the file is of a kind or size that is not kept.
        DomainError: ``storage_full``, there is no room for the file.
    """
    permissions.require(actor, "add_evidence", permissions.visible_project(actor, project_key))
    _check(piece)
    stored = files.keep(piece.file_name, piece.content) if piece.content else None
    try:
        return _add(project_key, code, piece, stored, actor)
    except BaseException:
        if stored:
            files.discard(stored)
        raise


@transaction.atomic
def _add(project_key: str, code: str, piece: Piece, stored: files.Stored | None, actor: User) -> Evidence:
    criterion = checklist.locked(project_key, code, actor, "add_evidence")
    live = _look_up(criterion, piece)
    replaced = _current(criterion, piece.replaces) if piece.replaces else None
    evidence = Evidence.objects.create(
        criterion=criterion,
        kind=piece.kind,
        title=(piece.title.strip() or (live.title if live else stored.file_name if stored else ""))[:MAX_TITLE],
        url=piece.url,
        note=piece.note.strip(),
        reference=piece.reference if live else "",
        said=live.says[:200] if live else "",
        valid_until=piece.valid_until,
        replaces=replaced,
        added_by=actor,
        **_file_columns(stored),
    )
    audit.record(actor=actor, action="checklist.evidence_added", subject=criterion, after=_told(evidence))
    if replaced:
        _take_away(replaced, f"Replaced by “{evidence.title}”.", actor)
    return evidence


def _file_columns(stored: files.Stored | None) -> dict[str, Any]:
    if stored is None:
        return {}
    return {
        "file_name": stored.file_name,
        "stored_as": stored.name,
        "media_type": stored.media_type,
        "size": stored.size,
        "sha256": stored.sha256,
    }


def _told(evidence: Evidence) -> dict[str, Any]:
    """What the audit trail keeps of a piece, so that a file can be recognised for ever."""
    names = ("kind", "title", "url", "reference", "said", "file_name", "size", "sha256", "valid_until")
    return {"id": evidence.pk} | {name: value for name in names if (value := getattr(evidence, name))}


def _check(piece: Piece) -> None:
    errors: dict[str, list[str]] = {}
    named = piece.kind in (EvidenceKind.LINK, EvidenceKind.NOTE)
    if piece.kind not in EvidenceKind.values:
        errors["kind"] = [f"Choose one of {', '.join(EvidenceKind.values)}."]
    if not (2 if named else 0) <= len(piece.title.strip()) <= MAX_TITLE:
        errors["title"] = [f"Give it a title of 2 to {MAX_TITLE} characters."]
    if (piece.url or piece.kind == EvidenceKind.LINK) and not _is_web_address(piece.url):
        errors["url"] = ["Needs to be an address that starts with https:// or http://."]
    if len(piece.note.strip()) > MAX_NOTE or (piece.kind == EvidenceKind.NOTE and not piece.note.strip()):
        errors["note"] = [f"Write the note, in at most {MAX_NOTE} characters."]
    if piece.valid_until and piece.valid_until < timezone.localdate():
        errors["valid_until"] = ["That day is over; evidence needs to hold today."]
    if (piece.kind == EvidenceKind.FILE) != (piece.content is not None):
        errors["file"] = ["Choose a file." if piece.content is None else "Only evidence of the kind “file” has a file."]
    if errors:
        raise InvalidInput(errors)


def _is_web_address(url: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        return False
    return len(url) <= 500


def _look_up(criterion: Criterion, piece: Piece) -> live_objects.LiveObject | None:
    if piece.kind not in LIVE_KINDS:
        return None
    source = live_objects.source_of(piece.kind)
    if source is None:
        raise InvalidInput({"kind": ["The portal keeps no such objects here. Add a link or a file instead."]})
    found = source.resolve(criterion.project, {piece.reference}).get(piece.reference) if piece.reference else None
    if found is None:
        words = EvidenceKind(piece.kind).label.lower()
        sentence = f"{criterion.project.key} has no such {words}. A reference looks like {source.example}."
        raise InvalidInput({"reference": [sentence]})
    return found


@transaction.atomic
def withdraw(*, project_key: str, evidence_id: str, reason: str, actor: User) -> Evidence:
    """Say that a piece supports its answer no longer. An answer that was accepted with it is reviewed again.

    Raises:
        NotFound, NotAllowed, StaleState: the person may not, or it is withdrawn already.
        InvalidInput: no reason.
    """
    code = visible(project_key=project_key, evidence_id=evidence_id, actor=actor).criterion.code
    criterion = checklist.locked(project_key, code, actor, "add_evidence")
    if not 3 <= len(reason.strip()) <= MAX_REASON:
        raise InvalidInput({"reason": [f"Say why, in 3 to {MAX_REASON} characters; it stays in the history."]})
    return _take_away(_current(criterion, evidence_id), reason.strip(), actor)


def _current(criterion: Criterion, evidence_id: str) -> Evidence:
    """The piece of this answer, its row locked. Raises NotFound, StaleState."""
    piece = Evidence.objects.select_for_update().filter(criterion=criterion, pk=evidence_id[:26]).first()
    if piece is None:
        raise NotFound(f"“{criterion.short}” has no such evidence.")
    if piece.withdrawn_at:
        raise StaleState(f"“{piece.title}” was withdrawn already.")
    return piece


def _take_away(piece: Evidence, reason: str, actor: User) -> Evidence:
    piece.withdrawn_at, piece.withdrawn_by, piece.withdrawn_because = timezone.now(), actor, reason[:MAX_REASON]
    piece.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_because"])
    criterion = piece.criterion
    audit.record(
        actor=actor, action="checklist.evidence_withdrawn", subject=criterion, before=_told(piece), comment=reason
    )
    if criterion.status == CriterionStatus.ACCEPTED:
        CRITERION_LIFECYCLE.move(
            criterion,
            CriterionStatus.ANSWERED,
            actor=actor,
            action="checklist.reopened",
            comment="Evidence that it was accepted with was withdrawn.",
            expires_on=None,
            version=criterion.version + 1,
        )
    return piece


def visible(*, project_key: str, evidence_id: str, actor: User) -> Evidence:
    """The piece, withdrawn or not, if the person may see its project. Raises NotFound."""
    project = permissions.visible_project(actor, project_key)
    rows = Evidence.objects.for_list().filter(criterion__project=project)
    piece = rows.filter(pk=evidence_id[:26]).first()
    if piece is None:
        raise NotFound(f"{project.key} has no such evidence.")
    return piece


def path_of(piece: Evidence) -> Path:
    """Where the file of a piece is. Raises NotFound when it is no file, or is not in its place."""
    if not piece.stored_as:
        raise NotFound(f"“{piece.title}” is no file.")
    return files.path_of(piece.stored_as)


def sweep_files(remove: Callable[[str], None] = files.remove) -> int:
    """Delete files that no row points to and that are older than a day. Returns how many there were."""
    old = files.older_than(ORPHAN_AFTER.total_seconds())
    known = set(Evidence.objects.filter(stored_as__in=old).values_list("stored_as", flat=True))
    orphans = [name for name in old if name not in known]
    for name in orphans:
        remove(name)
    return len(orphans)
