"""The intake wizard: six short steps, saved as you type, readiness beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from coe_portal.core.errors import DomainError, Missing
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects import checklists, permissions
from projects.forms import AnswerForm, MemberForm
from projects.models import Criterion, FieldQuestion, Project, Stage
from projects.services import checklist, concepts, distinctions, field_questions, named_data
from projects.similar import Candidate, similar_projects
from projects.views import sentences, words


@dataclass(frozen=True)
class Step:
    """A page of the wizard and the questions on it."""

    slug: str
    title: str
    codes: tuple[str, ...]


STEPS = (
    Step("challenge", "Challenge", ("challenge", "baseline", "users")),
    Step("value", "Value and metric", ("value", "metric")),
    Step("data", "Data", ("data",)),
    Step("team", "Team", ("team",)),
    Step("plan", "Time and budget", ("feasible",)),
    Step("check", "Check and submit", ()),
)
SLUGS = [step.slug for step in STEPS]
CONCEPT = "concept"  # a page of its own before the six steps; its answers are saved in the same way
MINUTES = {"challenge": 6, "value": 5, "data": 4, "team": 3, "plan": 3}


def _step(slug: str, project: Project) -> Step:
    if slug == CONCEPT:
        return Step(CONCEPT, "Concept", tuple(item.code for item in concepts.questions_of(project)))
    found = next((step for step in STEPS if step.slug == slug), None)
    if found is None:
        raise Http404
    return found


def _criteria(project: Project) -> list[Criterion]:
    return list(project.criteria.for_list().prefetch_related(None))


def _codes_on(step: Step, criteria: list[Criterion]) -> list[Criterion]:
    """The step's questions; questions that a policy adds beyond the eight stand on the last-but-one page."""
    known = {code for each in STEPS for code in each.codes}
    extra = [criterion for criterion in criteria if criterion.code not in known] if step.slug == "plan" else []
    return [criterion for criterion in criteria if criterion.code in step.codes] + extra


def save(project: Project, forms: list[AnswerForm], user: User) -> bool:
    """Save every form that validates; refusals end on their fields. True when all are saved."""
    saved = True
    for form in forms:
        if not form.is_valid():
            saved = False
            continue
        try:
            kept = checklist.answer(
                project_key=project.key,
                code=form.criterion.code,
                answer=form.answer(),
                actor=user,
                expected_version=form.cleaned_data.get("version"),
            )
        except DomainError as error:
            apply_domain_error(form, error)
            saved = False
        else:
            form.told = named_data.told_class(form.answer(), kept)
    return saved


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """One step; POST saves it and goes on."""
    user = signed_in(request)
    project = permissions.visible_project(user, key)
    place = _step(slug, project)
    criteria = _criteria(project)
    find = request.GET.get("find", "")
    forms = [AnswerForm(item, request.POST or None, find=find) for item in _codes_on(place, criteria)]
    if request.method == "POST" and save(project, forms, user):
        for form in forms:
            if form.told:
                messages.info(request, form.told)
        following = SLUGS[min(SLUGS.index(slug) + 1, len(SLUGS) - 1)]
        return redirect(request, reverse("projects:intake_step", args=[project.key, following]))
    status = 422 if any(form.errors for form in forms) else 200
    if request.method == "POST":
        criteria = _criteria(project)  # some of the forms may have been saved
    return render(request, "projects/wizard.html", _context(user, project, place, forms, criteria), status=status)


def step_page(
    request: HttpRequest, user: User, project: Project, slug: str, *, member_form: MemberForm
) -> HttpResponse:
    """The step again after a colleague could not be added, with the form as it was filled in."""
    place = _step(slug, project)
    criteria = _criteria(project)
    forms = [AnswerForm(item) for item in _codes_on(place, criteria)]
    context = _context(user, project, place, forms, criteria) | {"member_form": member_form}
    return render(request, "projects/wizard.html", context, status=422)


def _context(
    user: User, project: Project, place: Step, forms: list[AnswerForm], criteria: list[Criterion]
) -> dict[str, Any]:
    questions = asked_of(project, criteria)
    similar = similar_projects(user, f"{project.name} {project.summary}", besides=project.pk)
    for form in forms:
        form.place(item.question for item in questions)
    at = SLUGS.index(place.slug)
    return {
        "project": project,
        "step": place,
        "number": at + 1,
        "steps": [(each, _state(each, place, criteria)) for each in STEPS],
        "before": STEPS[at - 1] if at else None,
        "after": STEPS[at + 1] if at + 1 < len(STEPS) else None,
        "forms": forms,
        "frozen": frozen(user, project),
        "member_form": MemberForm() if place.slug == "team" else None,
        "members": project.members.for_list() if place.slug == "team" else (),
        "similar": similar,
        "minutes": MINUTES.get(place.slug, 2),
        "summary": _summary(criteria) if place.slug == "check" else (),
        "asked": questions,
        "first": early_missing(project, similar) if place.slug == "check" and project.stage == Stage.INTAKE else (),
        **readiness_context(project, criteria),
    }


@dataclass(frozen=True)
class Open:
    """A reviewer's open question with its place in words; changed: the field says something else by now."""

    question: FieldQuestion
    place: str
    changed: bool


def asked_of(project: Project, criteria: Iterable[Criterion] | None = None) -> list[Open]:
    """The open questions of reviewers; ``criteria`` are the project's, if they have been read already."""
    rows = list(project.field_questions.open().for_list())
    if not rows:
        return []
    known = {item.code: item for item in (project.criteria.all() if criteria is None else criteria)}
    answers = {code: item.answer or {} for code, item in known.items()}
    return [Open(row, field_questions.title_of(row, known), field_questions.is_changed(row, answers)) for row in rows]


def early_missing(project: Project, similar: list[Candidate]) -> list[Missing]:
    """What has to happen before the full case is submitted, besides answering its questions."""
    concept = concepts.concept_of(project)
    return [
        *concepts.missing_to_submit(project, concept.state if concept else None),
        *distinctions.missing(project, similar),
    ]


def _summary(criteria: list[Criterion]) -> list[dict[str, Any]]:
    """Every question with its answer in one sentence and the page where it is changed."""
    people = words.names_in(criteria)
    pages = {code: each.slug for each in STEPS for code in each.codes}
    return [
        {
            "item": item,
            "sentence": sentences.sentence_of(item, people),
            "complete": checklists.is_complete(item.code, item.answer_schema, item.answer or {}),
            "slug": pages.get(item.code, "plan"),
        }
        for item in criteria
    ]


def _state(each: Step, place: Step, criteria: list[Criterion]) -> str:
    if each is place:
        return "cur"
    mine = [criterion for criterion in criteria if criterion.code in each.codes]
    complete = all(checklists.is_complete(item.code, item.answer_schema, item.answer or {}) for item in mine)
    return "done" if mine and complete else "todo"


def frozen(user: User, project: Project) -> str:
    if reason := permissions.refusal(user, "answer", project):
        return reason
    try:
        permissions.require_open_checklist(project)
    except DomainError as error:
        return error.message
    return ""


def readiness_context(project: Project, criteria: list[Criterion]) -> dict[str, Any]:
    """What the readiness panel shows."""
    ready = checklists.readiness(criteria)
    points = [(item, *ready.points[item.code]) for item in criteria]
    return {"ready": ready, "points": points, "can_submit": project.stage == Stage.INTAKE}


@require_POST
def answer_question(request: HttpRequest, key: str, asked_id: str) -> HttpResponse:
    """Answer a reviewer's question in words."""
    answered = field_questions.answer(
        project_key=key, question_id=asked_id, text=request.POST.get("text", ""), actor=signed_in(request)
    )
    messages.success(request, f"Your answer to {answered.asked_by} is kept.")
    return redirect(request, reverse("projects:intake_step", args=[answered.project.key, "check"]) + "#asked")


@require_POST
def autosave(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """Save what is typed so far and answer the readiness panel with what could not be saved."""
    user = signed_in(request)
    project = permissions.visible_project(user, key)
    forms = [AnswerForm(item, request.POST) for item in _codes_on(_step(slug, project), _criteria(project))]
    save(project, forms, user)
    errors = [
        (form.fields[name].label if name in form.fields else form.criterion.short, sentence)
        for form in forms
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]
    criteria = _criteria(project)
    saved = {
        form.criterion.code for form in forms if not form.errors
    }  # a refused form keeps the version it was read at
    versions = [(item.code, item.version) for item in criteria if item.code in saved]
    context = {"project": project, "errors": errors, "saved": not errors, "versions": versions}
    context["told"] = [form.told for form in forms if form.told]
    return render(request, "projects/partials/_readiness.html", context | readiness_context(project, criteria))
