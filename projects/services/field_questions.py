"""Reviewers' questions at the fields of an intake: asked with a decision, answered by the team."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, Missing, NotFound, StaleState
from coe_portal.core.models import User
from projects import permissions
from projects.keepable import unkeepable
from projects.models import Criterion, FieldQuestion, Project

MOST, MAX_TEXT = 20, 2000


@dataclass(frozen=True)
class Asked:
    """A question that is to be asked: at a criterion, or at one field of its answer."""

    code: str
    text: str
    field: str = ""


def ask_all(project: Project, asked: Sequence[Asked], *, actor: User) -> list[FieldQuestion]:
    """Place questions at fields. Only governance calls this, with the project's row locked.

    Raises InvalidInput for a place that does not exist, an empty text or more than twenty questions.
    """
    criteria = {item.code: item for item in project.criteria.all()}
    errors = _problems(asked, criteria)
    if errors:
        raise InvalidInput({"questions": errors})
    rows = [
        FieldQuestion(
            project=project,
            code=item.code,
            field=item.field,
            text=item.text.strip(),
            said=said_at(criteria[item.code].answer or {}, item.field),
            revision=project.revision,
            asked_by=actor,
        )
        for item in asked
    ]
    return FieldQuestion.objects.bulk_create(rows)


def _problems(asked: Sequence[Asked], criteria: Mapping[str, Criterion]) -> list[str]:
    found = [f"Ask at most {MOST} questions at once."] if len(asked) > MOST else []
    for item in asked:
        if item.code not in criteria:
            found.append(f"There is no question “{item.code[:40]}” on the checklist.")
        elif item.field and item.field not in criteria[item.code].answer_schema.get("properties", {}):
            found.append(f"“{item.code}” has no field “{item.field[:60]}”.")
        if not 1 <= len(item.text.strip()) <= MAX_TEXT or unkeepable({"text": item.text}):
            found.append(f"Write each question in plain text of at most {MAX_TEXT} characters.")
    return list(dict.fromkeys(found))


def said_at(answer: Mapping[str, Any], field: str) -> Any:
    """What an answer says at a field; all of it without one."""
    return answer.get(field) if field else dict(answer)


def is_changed(question: FieldQuestion, answers: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the place says something else than when it was asked about."""
    return bool(said_at(answers.get(question.code, {}), question.field) != question.said)


@transaction.atomic
def answer(*, project_key: str, question_id: str, text: str, actor: User) -> FieldQuestion:
    """Answer a question in words; the team also answers by changing the field.

    Raises NotFound, NotAllowed, InvalidInput (no words), StaleState (answered already, or the answers are fixed).
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "answer", project)
    permissions.require_open_checklist(project)
    question = project.field_questions.for_list().filter(pk=question_id[:26]).first()
    if question is None:
        raise NotFound(f"{project.key} has no such question.")
    if question.answered_at:
        raise StaleState("The question is answered already.")
    words = text.strip()
    if not 1 <= len(words) <= MAX_TEXT or unkeepable({"text": words}):
        raise InvalidInput({"text": [f"Answer in plain text of at most {MAX_TEXT} characters."]})
    _close(question, words, actor)
    return question


def _close(question: FieldQuestion, words: str, actor: User) -> None:
    question.answer, question.answered_by, question.answered_at = words, actor, timezone.now()
    question.save(update_fields=["answer", "answered_by", "answered_at"])
    after = {"place": question.place, "changed": not words}
    audit.record(actor=actor, action="field_question.answered", subject=question, after=after, comment=words)


def settle_changed(project: Project, *, actor: User) -> None:
    """Close the open questions whose field was changed: the change is the answer. Call when it is submitted again."""
    answers = {item.code: item.answer or {} for item in project.criteria.all()}
    for question in project.field_questions.open().for_list():
        if is_changed(question, answers):
            _close(question, "", actor)


def missing(project: Project, known: Iterable[Criterion] | None = None) -> list[Missing]:
    """Open questions whose field says what it said when they were asked; ``known`` are the criteria, if read."""
    questions = list(project.field_questions.open().for_list())
    if not questions:
        return []
    criteria = {item.code: item for item in (project.criteria.all() if known is None else known)}
    answers = {code: item.answer or {} for code, item in criteria.items()}
    return [
        Missing(
            "field_question",
            f"{item.asked_by} asks about “{title_of(item, criteria)}”: {item.text}",
            "Change the field, or answer the question beside it.",
        )
        for item in questions
        if not is_changed(item, answers)
    ]


def title_of(question: FieldQuestion, criteria: Mapping[str, Criterion]) -> str:
    """The place of a question in words."""
    criterion = criteria.get(question.code)
    if criterion is None:
        return question.place
    rule = criterion.answer_schema.get("properties", {}).get(question.field, {})
    return f"{criterion.short}: {rule['title']}" if rule.get("title") else criterion.short
