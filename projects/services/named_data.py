"""Data sets that the answer to “data” names by their keys in the register, and the class that they demand."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import StaleState
from coe_portal.core.models import User
from projects import checklists
from projects.events import ChecklistAnswered
from projects.models import (
    CRITERION_LIFECYCLE,
    ChecklistVersion,
    Criterion,
    CriterionStatus,
    DataClassification,
    Dataset,
    Project,
)
from projects.models.datasets import Readiness
from projects.models.project import ENDED
from projects.services.dataset_fields import STRICTNESS

CODE, FIELD, CLASS = "data", "registered", "classification"
RISING = list(STRICTNESS)
_KEY = re.compile(r"[0-9a-z]{26}")
Answer = Mapping[str, Any]


def keys_of(answer: Answer | None) -> list[str]:
    """The keys that an answer keeps, in its order; whatever else stands there is not a key."""
    kept = (answer or {}).get(FIELD)
    return [key[:26] for key in kept if isinstance(key, str)] if isinstance(kept, list) else []


def named_by(answers: Iterable[Answer | None]) -> dict[str, Dataset]:
    """The data sets that these answers name, by key; no query when they name none."""
    keys = {key for answer in answers for key in keys_of(answer)}
    return {row.pk: row for row in Dataset.objects.filter(pk__in=keys)} if keys else {}


def takes_data_sets(schema: Mapping[str, Any]) -> bool:
    """Whether a question's answer can name data sets of the register."""
    return any(name == FIELD for name, _ in checklists.fields_of(schema))


def version_that_takes_them(project: Project) -> str:
    """The policy to which the project would have to move to name data sets; empty when there is none.

    That is the newest version of its own policy, else the one that new projects begin with.
    """
    name = project.policy_version.rpartition(":")[0]
    own = ChecklistVersion.objects.filter(policy_version__startswith=f"{name}:").only("policy_version", "criteria")
    begun = ChecklistVersion.objects.filter(is_current=True).only("policy_version", "criteria")
    for version in (*own.order_by("-published_at")[:1], *begun):
        asked = next((item for item in version.criteria if item["code"] == CODE), None)
        if version.policy_version != project.policy_version and asked and takes_data_sets(asked["answer_schema"]):
            return version.policy_version
    return ""


def names_of(keys: set[str]) -> dict[str, str]:
    """What a reader of the audit trail calls the data sets with these keys; a key that was never one stays as it is."""
    possible = {key for key in keys if _KEY.fullmatch(key)}
    known = dict(Dataset.objects.filter(pk__in=possible).values_list("pk", "name")) if possible else {}
    return {key: known.get(key, "a data set that the register no longer has") for key in possible}


def held(answer: Answer) -> dict[str, Dataset]:
    """The same for one answer that is about to be kept: their rows are locked, so no class rises unseen meanwhile."""
    keys = keys_of(answer)
    rows = Dataset.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    return {row.pk: row for row in rows} if keys else {}


def in_words(dataset: Dataset) -> str:
    """A data set in an answer: its name with class and readiness."""
    return f"{dataset.name} ({standing(dataset)})"


def standing(dataset: Dataset) -> str:
    """Class and readiness of a data set in words."""
    return f"{dataset.get_classification_display()}, {dataset.get_readiness_display()}".lower()


def strictest(named: Iterable[Dataset]) -> Dataset | None:
    """The data set with the highest class; the first by name of several."""
    return min(named, key=lambda row: (-STRICTNESS[row.classification], row.name), default=None)


def with_class(answer: dict[str, Any], named: Mapping[str, Dataset]) -> dict[str, Any]:
    """The answer, its class filled in from its data sets where it was left empty."""
    highest = strictest(named.values())
    return answer | {CLASS: highest.classification} if highest and CLASS not in answer else answer


def told_class(answer: Answer, kept: Criterion) -> str:
    """The sentence when the portal filled in the class of an answer by itself; empty when it did not."""
    if CLASS in checklists.without_blanks(answer) or not keys_of(kept.answer) or CLASS not in kept.answer:
        return ""
    highest = strictest(named_by([kept.answer]).values())
    said = DataClassification(kept.answer[CLASS]).label.lower()
    return f"The strictest class of the data is set to {said}, because {highest} is."


def problems(answer: Answer, before: Answer, named: Mapping[str, Dataset]) -> dict[str, list[str]]:
    """Why the answer cannot be kept, by field: unknown or retired data sets, or a class below that of its data sets."""
    chosen_before, found = set(keys_of(before)), []
    for key in keys_of(answer):
        if key not in named:
            found.append(f"The register has no data set “{key}”. Take it out, or name it in words.")
        elif named[key].readiness == Readiness.RETIRED and key not in chosen_before:
            found.append(f"{named[key]} is retired. Choose another data set.")
    wrong = {FIELD: found} if found else {}
    highest, said = strictest(named.values()), answer.get(CLASS)
    if highest and said in STRICTNESS and STRICTNESS[said] < STRICTNESS[highest.classification]:
        wrong[CLASS] = [_too_low(highest, DataClassification(said).label)]
    return wrong


def _too_low(highest: Dataset, said: str) -> str:
    allowed = [DataClassification(value).label for value in RISING[STRICTNESS[highest.classification] :]]
    return f"{highest} is {allowed[0].lower()}, so “{said}” is too low. Choose {' or '.join(allowed).lower()}."


def require_unnamed(dataset: Dataset) -> None:
    """Raise StaleState while a checklist names the data set: its answer would point nowhere."""
    if Criterion.objects.filter(code=CODE, answer__contains={FIELD: [dataset.pk]}).exists():
        raise StaleState(f"A project's checklist names {dataset}, so it stays. Set its readiness to retired instead.")


def _projects_below(dataset: Dataset) -> list[str]:
    """Keys of the projects under way that name the data set and say a lower class than it has now."""
    lower = RISING[: STRICTNESS[dataset.classification]]
    rows = Criterion.objects.filter(code=CODE, answer__contains={FIELD: [dataset.pk]}, answer__classification__in=lower)
    return [row.project.key for row in rows.exclude(project__stage__in=ENDED).select_related("project").order_by("pk")]


def follow_class(*, dataset_id: str, changed_by: User | None) -> list[Criterion]:
    """Raise the class of every project that names a data set and says a lower one. Call inside a transaction."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return []
    raised = [_raise_class(key, dataset, changed_by) for key in _projects_below(dataset)]
    return [criterion for criterion in raised if criterion]


def _raise_class(project_key: str, dataset: Dataset, changed_by: User | None) -> Criterion | None:
    """Raise a project's data class to that of a data set that it names, because the register says so now.

    An accepted answer counts as answered again, and an open request is void at its next decision: it was routed by the
    lower class. Twice is once.
    """
    project = Project.objects.select_for_update().by_key(project_key).get()
    criterion = Criterion.objects.select_for_update().filter(project=project, code=CODE).first()
    if criterion is None or project.stage in ENDED or dataset.pk not in keys_of(criterion.answer):
        return None
    if not problems(criterion.answer, criterion.answer, {dataset.pk: dataset}).get(CLASS):
        return None
    before, after = criterion.answer, criterion.answer | {CLASS: dataset.classification}
    criterion.project, criterion.answer, criterion.expires_on = project, after, None
    criterion.version, criterion.answered_at = criterion.version + 1, timezone.now()
    criterion.save(update_fields=["answer", "version", "answered_at", "expires_on"])
    if criterion.status == CriterionStatus.ACCEPTED:
        CRITERION_LIFECYCLE.change(criterion, CriterionStatus.ANSWERED)
    told = f"The register says now that {dataset} is {dataset.get_classification_display().lower()}."
    audit.record(
        actor=None,
        on_behalf_of=changed_by,
        action="checklist.class_raised",
        subject=criterion,
        before=before,
        after=after,
        comment=told,
    )
    _keep(project, criterion)
    return criterion


def _keep(project: Project, criterion: Criterion) -> None:
    project.data_classification = criterion.answer[CLASS]
    project.readiness = checklists.readiness(project.criteria.all()).as_json()
    project.version, project.updated_at = project.version + 1, timezone.now()
    project.save(update_fields=["data_classification", "readiness", "version", "updated_at"])
    if project.risk_assessed_at:
        outbox.publish(ChecklistAnswered(project.key, criterion.code, criterion.version))
