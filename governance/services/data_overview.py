"""What a project's page says about its data: named, asked for, readable, to be destroyed, and what is missing."""

from dataclasses import dataclass

from django.urls import reverse

from coe_portal.core.errors import Missing
from coe_portal.core.inbox import Task
from coe_portal.core.models import User
from governance.services import data_access
from projects.models import AccessStatus, Criterion, DataAccess, Dataset, Project
from projects.services import accesses, datasets, named_data

CRITERION, SHOWN_TASKS = "data", 20


@dataclass(frozen=True)
class Named:
    """A data set that the checklist names: ``dataset`` is None when it is not registered."""

    name: str
    dataset: Dataset | None
    access: DataAccess | None

    @property
    def chip(self) -> tuple[str, str]:
        """Kind and word of how far the project is with it."""
        if self.dataset is None:
            return "warn", "Not registered"
        return accesses.chip_of(self.access) if self.access else ("warn", "Not asked for")


@dataclass(frozen=True)
class Obstacles:
    """Why the reader cannot ask for data here: ``refusal`` for them, ``missing`` what the gate says."""

    refusal: str
    missing: tuple[Missing, ...]

    @property
    def blocking(self) -> tuple[Missing, ...]:
        """What keeps the reader from asking; the stage only keeps it from being granted."""
        return tuple(item for item in self.missing if item.code not in data_access.MAY_COME_LATER)

    @property
    def may_ask(self) -> bool:
        return not self.refusal and not self.blocking

    @property
    def why(self) -> str:
        """The sentence beside the switched-off button."""
        return self.refusal or " ".join(f"{item.message} {item.how_to_fix}".strip() for item in self.blocking)


@dataclass(frozen=True)
class Overview:
    """Everything on the data page of a project."""

    named: list[Named]
    accesses: list[tuple[DataAccess, str, str]]
    missing: list[Missing]
    obstacles: Obstacles


def of(project: Project, reader: User) -> Overview:
    """Put together what ``reader`` sees."""
    rows = list(DataAccess.objects.filter(project=project).for_list().order_by("-pk"))
    named = _named(project, rows)
    return Overview(
        named=named,
        accesses=[(row, *accesses.chip_of(row)) for row in rows],
        missing=_missing(project, named, rows),
        obstacles=obstacles(project, reader),
    )


def obstacles(project: Project, reader: User) -> Obstacles:
    """What stands between the reader and asking."""
    refusal = data_access.ask_refusal(reader, project)
    return Obstacles(refusal, () if refusal else data_access.ask_missing(project, reader))


def _named(project: Project, rows: list[DataAccess]) -> list[Named]:
    criterion = Criterion.objects.filter(project=project, code=CRITERION).first()
    answer = (criterion.answer or {}) if criterion else {}
    chosen, unknown = _in_answer(named_data.keys_of(answer), str(answer.get("datasets", "")))
    live = {row.dataset_id: row for row in reversed(rows)}
    registered = [Named(row.name, row, live.get(row.pk)) for row in chosen]
    return [*registered, *(Named(name, None, None) for name in unknown)]


def _in_answer(keys: list[str], text: str) -> tuple[list[Dataset], list[str]]:
    """The data sets that were chosen or are spelt in the words, and what looks like a name but is not registered."""
    if not keys and not text:
        return [], []
    rows = Dataset.objects.for_list()
    known = {row.name.lower(): row for row in rows.filter(pk__in=keys) | rows.named_in(text)}
    spelt, unknown = datasets.named_in(text, known)
    chosen = {row.pk: row for row in known.values() if row.pk in keys} | {known[name].pk: known[name] for name in spelt}
    return list(chosen.values()), unknown


def _missing(project: Project, named: list[Named], rows: list[DataAccess]) -> list[Missing]:
    found = []
    for item in named:
        if item.dataset is None:
            fix, url = "Register it, so that its owner can be asked.", reverse("projects:dataset_new")
            found.append(Missing("not_registered", f"{item.name} is named in the checklist, not registered.", fix, url))
        elif item.access is None:
            url = f"{reverse('governance:data_ask', args=[project.key])}?dataset={item.dataset.pk}"
            sentence = f"Nobody has asked for access to {item.name} yet."
            found.append(Missing("not_asked", sentence, f"Ask {item.dataset.owner}.", url))
    return found + [_to_do(row) for row in rows if row.status == AccessStatus.AWAITING_DESTRUCTION]


def _to_do(row: DataAccess) -> Missing:
    url = reverse("governance:data_access", args=[row.pk])
    sentence = f"The copy of {row.dataset} has to be destroyed."
    return Missing("copy_left", sentence, "Destroy it and attest that.", url)


def tasks(keys: list[int]) -> list[Task]:
    """Copies to be destroyed and access that ends soon, for who asked and for the project's owner."""
    rows = DataAccess.objects.filter(pk__in=keys).for_list().order_by("expires_at")[:SHOWN_TASKS]
    return [_task(row) for row in rows]


def _task(row: DataAccess) -> Task:
    is_left = row.status == AccessStatus.AWAITING_DESTRUCTION
    return Task(
        title=f"Destroy the copy of {row.dataset}" if is_left else f"Access to {row.dataset} ends",
        why="The access has ended. Destroy the copy, old versions included, and attest that."
        if is_left
        else "Ask again if the data is still needed; else give it back.",
        url=reverse("governance:data_access", args=[row.pk]),
        button="Open the access",
        place=row.project.key,
        kind="Data",
        icon="database",
        due_on=None if is_left else row.expires_on,
    )
