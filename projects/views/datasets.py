"""The register of data sets: list, entry, and the forms of those who keep it."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError, NotFound
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.models import User
from coe_portal.core.paging import keyset_page
from coe_portal.core.sessions import signed_in
from projects.filters import DatasetFilter
from projects.forms import DatasetForm, DatasetsField
from projects.models import DataAccess, DataClassification, Dataset, Project, Readiness, Stage
from projects.models.datasets import DatasetQuerySet
from projects.services import accesses as access_rows
from projects.services import datasets
from projects.views.lists import query_of

PAGE_SIZE, MINE = 40, 8
_FIELD = re.compile(r"[a-z][a-z0-9_-]{0,99}")
CLASS_CHIPS = {
    DataClassification.PUBLIC: ("mute", "eye"),
    DataClassification.INTERNAL: ("mute", "building"),
    DataClassification.CONFIDENTIAL: ("warn", "lock"),
    DataClassification.RESTRICTED: ("bad", "shield-lock"),
}
READINESS_CHIPS = {
    Readiness.REGISTERED: "mute",
    Readiness.PREPARING: "info",
    Readiness.READY: "ok",
    Readiness.RETIRED: "mute",
}


def chips_of(dataset: Dataset) -> dict[str, Any]:
    """How class and readiness of a data set are shown."""
    kind, icon = CLASS_CHIPS[DataClassification(dataset.classification)]
    return {"dataset": dataset, "kind": kind, "icon": icon, "ready": READINESS_CHIPS[Readiness(dataset.readiness)]}


@require_GET
def dataset_list(request: HttpRequest) -> HttpResponse:
    """Every entry, filters in the address."""
    user, rows = signed_in(request), Dataset.objects.for_list()
    filters = DatasetFilter(request.GET, rows, request=request)
    found: DatasetQuerySet = filters.qs if filters.is_valid() else rows.none()
    page = keyset_page(found, ordering="name", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context = {
        "filter": filters,
        "page": page,
        "rows": [chips_of(row) for row in page.rows],
        "query": query_of(request.GET),
        "refusal": datasets.register_refusal(user),
    }
    return render_page(request, "projects/datasets.html", context, partial="rows")


@require_GET
def dataset(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """One entry: what it is, its columns, and which projects use it."""
    user, found = signed_in(request), _find(dataset_id)
    accesses = DataAccess.objects.visible_to(user).filter(dataset=found).for_list().order_by("-pk")[:PAGE_SIZE]
    context = chips_of(found) | {
        "accesses": [(row, *access_rows.chip_of(row)) for row in accesses],
        "mine": Project.objects.filter(members__user=user).open().exclude(stage=Stage.INTAKE).order_by("-pk")[:MINE],
        "refusal": datasets.change_refusal(user, found),
    }
    return render_page(request, "projects/dataset.html", context)


@require_GET
def picks(request: HttpRequest) -> HttpResponse:
    """Boxes to tick in a checklist's answer: what is ticked there, then what the search finds."""
    name = request.GET.get("field", "")
    if not _FIELD.fullmatch(name):
        raise NotFound("Data sets are chosen in the checklist of a project.")
    ticked = request.GET.getlist(name)
    field = DatasetsField("", ticked, find=request.GET.get("find", ""))
    return render(request, "projects/partials/_picks.html", field.drawn(name, ticked) | {"found": True})


@require_http_methods(["GET", "POST"])
def dataset_new(request: HttpRequest) -> HttpResponse:
    """Register a data set."""
    user = signed_in(request)
    form = DatasetForm(request.POST) if request.method == "POST" else DatasetForm(initial={"owner": user.username})
    if request.method == "POST" and form.is_valid():
        try:
            made = datasets.register(values=form.values(), actor=user)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{made} is registered.")
            return redirect(request, reverse("projects:dataset", args=[made.pk]))
    return _form_page(request, {"form": form, "refusal": datasets.register_refusal(user)})


@require_http_methods(["GET", "POST"])
def dataset_edit(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Change an entry."""
    user, found = signed_in(request), _find(dataset_id)
    form = DatasetForm(request.POST) if request.method == "POST" else DatasetForm.of(found)
    if request.method == "POST" and form.is_valid():
        try:
            changed = datasets.change(dataset_id=found.pk, values=form.values(), actor=user)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{changed} is saved.")
            return redirect(request, reverse("projects:dataset", args=[changed.pk]))
    return _form_page(request, {"form": form, "dataset": found, "refusal": datasets.change_refusal(user, found)})


@require_POST
def dataset_remove(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Take an entry out that nobody ever asked for."""
    user: User = signed_in(request)
    try:
        datasets.remove(dataset_id=dataset_id, actor=user)
    except DomainError as error:
        if error.status != 409:
            raise
        messages.error(request, error.message)
        return redirect(request, reverse("projects:dataset", args=[dataset_id]))
    messages.success(request, "The entry is taken out of the register.")
    return redirect(request, reverse("projects:datasets"))


def _form_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render_page(request, "projects/dataset_form.html", context, status=status)


def _find(dataset_id: str) -> Dataset:
    found = Dataset.objects.for_list().filter(pk=dataset_id[:26]).first()
    if found is None:
        raise NotFound("There is no such data set in the register.")
    return found
