"""The rows of data access and their moves. Only governance calls what changes them: it knows approvals and gates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, StaleState
from coe_portal.core.ids import ulid
from coe_portal.core.models import User
from projects.events import DataAccessEnded, DataAccessGranted
from projects.models import (
    ACCESS_LIFECYCLE,
    AccessPattern,
    AccessStatus,
    DataAccess,
    DataClassification,
    Dataset,
    EndReason,
    Project,
)
from projects.models.data_access import REMIND_BEFORE
from projects.services import iam_policy, locations, places

MAX_DAYS, MIN_WORDS, MAX_WORDS = 366, 20, 2000
SHOWN_KEYS = 5
CHIPS = {
    AccessStatus.REQUESTED: "info",
    AccessStatus.APPROVED: "warn",
    AccessStatus.GRANTED: "ok",
    AccessStatus.REFUSED: "bad",
    AccessStatus.AWAITING_DESTRUCTION: "warn",
}


@dataclass(frozen=True)
class Wish:
    """What a team asks for, as it was sent. ``environment`` is where a copy is to lie."""

    purpose: str
    pattern: str
    days: int
    columns: Sequence[str] = ()
    environment: str = ""


@dataclass(frozen=True)
class Seen:
    """What a worker found below a copy's prefix: ``more`` if it stopped counting, ``trouble`` if it could not look."""

    objects: int = 0
    more: bool = False
    keys: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.trouble and not self.objects and not self.more


def create(project: Project, dataset: Dataset, wish: Wish, *, actor: User) -> DataAccess:
    """Keep a wish. Call inside a transaction with the project's row locked.

    Raises:
        InvalidInput: a field cannot be used.
        StaleState: the project has or asks for this already, or the data set is retired.
    """
    place = _checked(project, dataset, wish)
    access = DataAccess(
        id=ulid(),
        project=project,
        dataset=dataset,
        purpose=wish.purpose.strip(),
        pattern=wish.pattern,
        columns=list(dict.fromkeys(wish.columns)),
        days=wish.days,
        environment=place.name if place else "",
        requested_by=actor,
    )
    if place:
        access.copy_location = f"s3://{place.bucket}/sandboxes/{project.key.lower()}/{access.pk}/"
    try:
        with transaction.atomic():
            access.save(force_insert=True)
    except IntegrityError:
        pattern = access.get_pattern_display().lower()
        raise StaleState(
            f"{project.key} has or asks for {dataset} already ({pattern}). End that access, or wait for its decision.",
            code="access_exists",
        ) from None
    audit.record(actor=actor, action="data_access.requested", subject=access, after=said(access), comment=wish.purpose)
    return access


def _checked(project: Project, dataset: Dataset, wish: Wish) -> places.Place | None:
    errors: dict[str, list[str]] = {}
    if not MIN_WORDS <= len(wish.purpose.strip()) <= MAX_WORDS:
        errors["purpose"] = [f"Say in {MIN_WORDS} to {MAX_WORDS:,} characters what the data is for."]
    if wish.pattern not in AccessPattern.values:
        errors["pattern"] = [f"Choose one of {', '.join(AccessPattern.values)}."]
    if not 1 <= wish.days <= MAX_DAYS:
        errors["days"] = [f"Between 1 and {MAX_DAYS} days; it can be asked for again."]
    unknown = [name for name in wish.columns if name not in dataset.column_names]
    if unknown:
        known = ", ".join(dataset.column_names) or "none are registered, so leave this empty"
        errors["columns"] = [f"{dataset} has no column {', '.join(unknown)[:200]}. It has: {known}."]
    place = _place(project, wish, errors)
    if errors:
        raise InvalidInput(errors)
    return place


def _place(project: Project, wish: Wish, errors: dict[str, list[str]]) -> places.Place | None:
    if wish.pattern != AccessPattern.SANDBOX_COPY:
        if wish.environment:
            errors["environment"] = ["Only a sandbox copy lies in an environment; leave this empty."]
        return None
    open_to = places.for_copies(project.pk)
    place = next((each for each in open_to if each.name == wish.environment), None)
    if place is None:
        names = ", ".join(each.name for each in open_to) or "none yet; ask a CoE lead to open one"
        errors["environment"] = [f"A copy lies in a sandbox, never in production. {project.key} may use: {names}."]
    return place


def said(access: DataAccess) -> dict[str, Any]:
    """What an access is for, as plain JSON: this is what its approval is given for."""
    dataset = access.dataset
    return {
        "key": access.project.key,
        "dataset": dataset.name,
        "classification": dataset.classification,
        "owner": dataset.owner.username,
        "location": dataset.location,
        "purpose": access.purpose,
        "pattern": access.pattern,
        "columns": list(access.columns) or "all",
        "days": access.days,
        "environment": access.environment,
        "copy_location": access.copy_location,
        "asked_by": access.requested_by.username,
    }


def approve(access: DataAccess, note: str, *, actor: User) -> None:
    """Keep that it may be granted as soon as the gate opens; ``note`` says what it waits for."""
    ACCESS_LIFECYCLE.move(
        access, AccessStatus.APPROVED, actor=actor, action="data_access.approved", comment=note, note=note[:500]
    )


def grant(access: DataAccess, *, actor: User | None) -> None:
    """Let the project read from now on, for the days that were approved."""
    now, has_waited = timezone.now(), access.status == AccessStatus.APPROVED
    ends = now + timedelta(days=access.days)
    ACCESS_LIFECYCLE.move(
        access,
        AccessStatus.GRANTED,
        actor=actor,
        action="data_access.granted",
        granted_at=now,
        expires_at=ends,
        next_check_at=ends - min(REMIND_BEFORE, (ends - now) / 2),
        note="",
    )
    if has_waited:  # otherwise the decision itself says it
        outbox.publish(DataAccessGranted(access.pk))


def turn_down(access: DataAccess, to: str, note: str, *, actor: User) -> None:
    """Close a wish that was not granted: refused or withdrawn."""
    ACCESS_LIFECYCLE.move(access, to, actor=actor, action=f"data_access.{to}", comment=note, note=note[:500])


def end(access: DataAccess, reason: EndReason, *, actor: User | None, comment: str = "", **values: Any) -> None:
    """End a granted access. A copy stays open until its destruction was attested and seen."""
    to = AccessStatus.EXPIRED if reason == EndReason.EXPIRED else AccessStatus.REVOKED
    if access.is_copy and access.status == AccessStatus.GRANTED:
        to = AccessStatus.AWAITING_DESTRUCTION
    ACCESS_LIFECYCLE.move(
        access,
        to,
        actor=actor,
        action=f"data_access.{reason}",
        comment=comment,
        ended_at=timezone.now(),
        end_reason=reason,
        next_check_at=None,
        note=comment[:500],
        **values,
    )
    outbox.publish(DataAccessEnded(access.pk, actor.username if actor else ""))


def look_later(access: DataAccess, at: datetime) -> None:
    """Keep when a granted access is looked at next."""
    access.next_check_at = at
    access.save(update_fields=["next_check_at"])


def attest(access: DataAccess, statement: str, *, actor: User) -> None:
    """Keep who says that the copy is destroyed, and have a worker look."""
    access.attestation, access.attested_by, access.attested_at = statement, actor, timezone.now()
    access.check_requested_at = timezone.now()
    access.save(update_fields=["attestation", "attested_by", "attested_at", "check_requested_at"])
    after = {"copy_location": access.copy_location}
    audit.record(actor=actor, action="data_access.destruction_attested", subject=access, after=after, comment=statement)


def record_look(access: DataAccess, seen: Seen) -> None:
    """Keep what a worker found below the copy's prefix; an empty one closes the access."""
    found = {
        "at": timezone.now().isoformat(),
        "empty": seen.is_empty,
        "objects": seen.objects,
        "more": seen.more,
        "keys": list(seen.keys[:SHOWN_KEYS]),
        "trouble": seen.trouble,
    }
    if seen.is_empty:
        ACCESS_LIFECYCLE.move(
            access,
            AccessStatus.CLOSED,
            actor=None,
            action="data_access.closed",
            check_result=found,
            check_requested_at=None,
        )
        return
    access.check_result, access.check_requested_at = found, None
    access.save(update_fields=["check_result", "check_requested_at"])
    audit.record(actor=None, action="data_access.copy_found", subject=access, after=found)


def chip_of(access: DataAccess) -> tuple[str, str]:
    """Kind and word of an access's status chip."""
    return CHIPS.get(AccessStatus(access.status), "mute"), str(access.get_status_display())


def policy_for(access: DataAccess) -> dict[str, Any]:
    """The IAM policy with which the team reads. Raises StaleState unless the access is granted now."""
    if not access.is_readable or access.expires_at is None:
        raise StaleState(
            f"{access} is {access.get_status_display().lower()}; a policy is made for a granted access only.",
            code="not_granted",
        )
    place = access.environment or access.dataset.environment
    return iam_policy.read_only(access.readable_location, expires_at=access.expires_at, region=places.region_of(place))


def unread(project: Project, wanted: Iterable[str]) -> dict[str, Dataset | DataAccess]:
    """The locations that the project may not read: each with the data set, or the copy, that lies there.

    A location in no registered data set and no copy is nobody's concern here; public data is everybody's.
    """
    refused: dict[str, Dataset | DataAccess] = {}
    for location in wanted:
        bucket = f"s3://{locations.split(location)[0]}/"
        sets = Dataset.objects.filter(location__startswith=bucket).select_related("owner")
        copies = DataAccess.objects.live().filter(copy_location__startswith=bucket).select_related("project", "dataset")
        closed: list[Dataset | DataAccess] = [
            each for each in sets if locations.overlap(location, each.location) and not _reads(project, each, location)
        ]
        closed += [
            each
            for each in copies
            if locations.overlap(location, each.copy_location)
            and not (each.is_readable and each.project_id == project.pk)
        ]
        if closed:
            refused[location] = closed[0]
    return refused


def _reads(project: Project, dataset: Dataset, location: str) -> bool:
    if dataset.classification == DataClassification.PUBLIC:
        return True
    granted = DataAccess.objects.granted().filter(project=project, dataset=dataset, pattern=AccessPattern.PLATFORM_READ)
    return location.startswith(dataset.location) and granted.exists()


def by_dataset(project: Project) -> Mapping[str, DataAccess]:
    """The newest live access of the project to each data set, by the data set's id."""
    rows = DataAccess.objects.live().filter(project=project).for_list().order_by("pk")
    return {row.dataset_id: row for row in rows}
