"""The register of data sets: registered, changed, taken out. Its rights are here too, so page and API agree."""

import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import ApproverGroup, User
from projects.events import DatasetClassRaised
from projects.models import DataAccess, Dataset, Member, ProjectRole
from projects.services import dataset_fields, locations, named_data
from projects.services.dataset_fields import STRICTNESS

FIELDS = tuple(dataset_fields.CLEANERS)
# What a granted access was approved for: while somebody has access it stays, so that nobody's access grows unasked.
HELD = ("location", "classification")
_TAKEN = "There is already a data set named {}. Choose another name."


def register_refusal(user: User) -> str:
    """Why the person may not register data; empty for CoE leads, data owners and data engineers of any team."""
    if user.is_lead or ApproverGroup.DATA_OWNER in user.approver_groups:
        return ""
    if Member.objects.filter(user=user, roles__contains=[ProjectRole.DATA_ENGINEER]).exists():
        return ""
    return "Only data engineers, data owners and CoE leads register data sets. Ask one of them."


def change_refusal(user: User, dataset: Dataset) -> str:
    """Why the person may not change this entry; empty for its owner, the group of data owners and CoE leads."""
    if user.is_lead or user.pk == dataset.owner_id or ApproverGroup.DATA_OWNER in user.approver_groups:
        return ""
    return f"Only {dataset.owner}, who owns this data set, data owners and CoE leads change it."


@transaction.atomic
def register(*, values: Mapping[str, Any], actor: User) -> Dataset:
    """Add a data set to the register.

    Args:
        values: by the names of ``FIELDS``; ``owner`` is a username (the actor when left out), ``business_unit`` an id.

    Raises:
        NotAllowed: only data engineers, data owners and CoE leads may.
        InvalidInput: a field cannot be used, the name is taken, or another data set lies there.
    """
    _require(register_refusal(actor))
    needed = dict.fromkeys(("name", "business_unit", "classification", "location"), "")
    given = {"owner": actor.username, **needed, **values}
    dataset = Dataset(created_by=actor, **dataset_fields.checked(given))
    _place(dataset)
    _save(dataset)
    audit.record(actor=actor, action="dataset.registered", subject=dataset, after=_told(dataset))
    return dataset


@transaction.atomic
def change(*, dataset_id: str, values: Mapping[str, Any], actor: User) -> Dataset:
    """Change an entry. An open request for it is void at its next decision if what was asked for has changed.

    Raises:
        NotFound, NotAllowed, InvalidInput: as for ``register``.
        StaleState: a project has access, so place and class stay until it has ended.
    """
    dataset = locked(dataset_id)
    _require(change_refusal(actor, dataset))
    before = _told(dataset)
    cleaned = dataset_fields.checked({**values}, dataset)
    changed = {name for name, value in cleaned.items() if getattr(dataset, name) != value}
    if not changed:
        return dataset
    _refuse_under_access(dataset, changed)
    for name in changed:
        setattr(dataset, name, cleaned[name])
    if "location" in changed:
        _place(dataset)
    dataset.version += 1
    dataset.updated_at = timezone.now()
    _save(dataset)
    after = _told(dataset)
    told = {name for name in after if after[name] != before[name]}
    if STRICTNESS[after["classification"]] > STRICTNESS[before["classification"]]:
        outbox.publish(DatasetClassRaised(dataset.pk, dataset.version, actor.pk))
    audit.record(
        actor=actor,
        action="dataset.changed",
        subject=dataset,
        before={name: before[name] for name in sorted(told)},
        after={name: after[name] for name in sorted(told)},
    )
    return dataset


@transaction.atomic
def remove(*, dataset_id: str, actor: User) -> None:
    """Take an entry out that nobody ever asked for; one with a history is retired instead.

    Raises NotFound, NotAllowed, StaleState (somebody asked for it).
    """
    dataset = locked(dataset_id)
    _require(change_refusal(actor, dataset))
    if DataAccess.objects.filter(dataset=dataset).exists():
        raise StaleState(f"{dataset} was asked for, so its history stays. Set its readiness to retired instead.")
    named_data.require_unnamed(dataset)
    audit.record(actor=actor, action="dataset.removed", subject=dataset, before=_told(dataset))
    dataset.delete()


def check(*, values: Mapping[str, Any], dataset: Dataset | None = None) -> None:
    """Raise what ``register`` or ``change`` would refuse: InvalidInput for the fields, also for those that are held."""
    cleaned = dataset_fields.checked(values, dataset)
    candidate = dataset or Dataset()
    held = {name for name in HELD if dataset and getattr(dataset, name) != cleaned[name]}
    try:
        _refuse_under_access(candidate, held)
    except StaleState as error:
        raise InvalidInput({name: [error.message] for name in sorted(held)}) from None
    candidate = Dataset(pk=candidate.pk, location=cleaned["location"])
    _refuse_overlap(candidate)
    if Dataset.objects.filter(name__iexact=cleaned["name"]).exclude(pk=candidate.pk).exists():
        raise InvalidInput({"name": [_TAKEN.format(cleaned["name"])]})


def locked(dataset_id: str) -> Dataset:
    """The entry with its row locked. Raises NotFound."""
    rows = Dataset.objects.select_for_update(of=("self",)).for_list()
    dataset = rows.filter(pk=dataset_id[:26]).first()
    if dataset is None:
        raise NotFound("There is no such data set in the register.")
    return dataset


def named_in(text: str, names: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Which registered names an answer mentions, and which of its words look like a name but are not registered.

    Args:
        text: the answer, such as “damage_photos, claims_outcomes (2026)”.
        names: keys are names in lower case.

    Returns:
        Both in the order of the text.
    """
    plain = text.lower()
    hits = {name: plain.index(name) for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain)}
    looks = dict.fromkeys(re.findall(r"(?<!\w)[a-z0-9]+(?:_[a-z0-9]+)+(?!\w)", plain))
    return sorted(hits, key=lambda name: hits[name]), [word for word in looks if not any(word in name for name in hits)]


def _require(refusal: str) -> None:
    if refusal:
        raise NotAllowed(refusal)


def _refuse_under_access(dataset: Dataset, changed: set[str]) -> None:
    held = sorted(changed & set(HELD))
    if held and (row := DataAccess.objects.live().exclude(status="requested").filter(dataset=dataset).first()):
        raise StaleState(
            f"{row.project.key} has access to {dataset} as it is, so its {' and '.join(held)} cannot change. "
            "End the access first, or register the new place as another data set."
        )


def _place(dataset: Dataset) -> None:
    """Refuse a place that overlaps another entry's. One bucket at a time, so that no two can slip in at once."""
    bucket, _ = locations.split(dataset.location)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [2, crc32(bucket.encode()) - 2**31])
    _refuse_overlap(dataset)


def _refuse_overlap(dataset: Dataset) -> None:
    bucket, _ = locations.split(dataset.location)
    for other in Dataset.objects.filter(location__startswith=f"s3://{bucket}/").exclude(pk=dataset.pk):
        if locations.overlap(other.location, dataset.location):
            sentence = (
                f"{other} lies at {other.location}, so access to one would open the other. Choose another prefix."
            )
            raise InvalidInput({"location": [sentence]})


def _save(dataset: Dataset) -> None:
    try:
        with transaction.atomic():
            dataset.save()
    except IntegrityError:
        raise InvalidInput({"name": [_TAKEN.format(dataset.name)]}) from None


def _told(dataset: Dataset) -> dict[str, Any]:
    names = (
        "name",
        "description",
        "classification",
        "location",
        "environment",
        "readiness",
        "labelled_share",
        "columns",
    )
    told = {name: audit.plain(getattr(dataset, name)) for name in names}
    return told | {"owner": dataset.owner.username, "business_unit": dataset.business_unit.name}
