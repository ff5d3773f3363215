"""What may stand in an entry of the register, field by field."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from projects.models import BusinessUnit, DataClassification, Dataset, Readiness
from projects.services import locations, places

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MAX_COLUMNS, MAX_COLUMN = 500, 128
STRICTNESS = {name: number for number, name in enumerate(DataClassification.values)}


def checked(values: Mapping[str, Any], dataset: Dataset | None = None) -> dict[str, Any]:
    """The values as the row keeps them. ``dataset`` is the entry that changes.

    Raises:
        InvalidInput: every field that cannot be used, with a sentence.
    """
    errors: dict[str, list[str]] = {}
    cleaned: dict[str, Any] = {}
    for name, raw in values.items():
        try:
            cleaned[name] = _clean(name, raw)
        except ValueError as error:
            errors[name] = [str(error)]
    if not errors and (sentence := _milder_than_a_column(cleaned, dataset)):
        errors["classification"] = [sentence]
    if errors:
        raise InvalidInput(errors)
    return cleaned


def _clean(name: str, raw: Any) -> Any:
    cleaner = CLEANERS.get(name)
    if cleaner is None:
        raise ValueError(f"There is no such field. Known: {', '.join(CLEANERS)}.")
    return cleaner(raw)


def _milder_than_a_column(cleaned: Mapping[str, Any], dataset: Dataset | None) -> str:
    whole = cleaned.get("classification", dataset.classification if dataset else "")
    columns = cleaned.get("columns", dataset.columns if dataset else [])
    for column in columns:
        if STRICTNESS.get(column["classification"], 0) > STRICTNESS[whole]:
            return (
                f"The column {column['name']} is {column['classification']}, so the data set is at least that. "
                "Raise its class, or correct the column's."
            )
    return ""


def _name(raw: Any) -> str:
    name = " ".join(str(raw).split())
    if not 3 <= len(name) <= 120 or _CONTROL.search(name):
        raise ValueError("Give the data set a name of 3 to 120 characters, such as claims_outcomes.")
    return name


def _text(raw: Any) -> str:
    text = str(raw or "").strip()
    if len(text) > 4000 or _CONTROL.search(text):
        raise ValueError("Use at most 4,000 characters of plain text.")
    return text


def _owner(raw: Any) -> User:
    person = User.objects.people().filter(username=str(raw)).first()
    if person is None:
        raise ValueError(f"There is no colleague with the username “{str(raw)[:64]}”.")
    if person.is_auditor and not person.is_lead:
        raise ValueError(f"{person} is an auditor, who reads everything and decides nothing. Name somebody else.")
    return person


def _unit(raw: Any) -> BusinessUnit:
    unit = BusinessUnit.objects.filter(pk=str(raw)[:26]).first()
    if unit is None:
        raise ValueError("There is no such business unit. Choose one of the list.")
    return unit


def _one_of(choices: list[str]) -> Callable[[Any], str]:
    def clean(raw: Any) -> str:
        if raw not in choices:
            raise ValueError(f"Choose one of {', '.join(choices)}.")
        return str(raw)

    return clean


def _share(raw: Any) -> Decimal | None:
    if raw is None or raw == "":
        return None
    try:
        share = Decimal(str(raw)).quantize(Decimal("0.01"))
    except InvalidOperation:
        share = Decimal(-1)
    if share.is_nan() or not 0 <= share <= 100:
        raise ValueError("Give a number from 0 to 100.")
    return share


def _location(raw: Any) -> str:
    location = locations.spelt(str(raw))
    if sentence := locations.problem(location):
        raise ValueError(sentence)
    return location


def _environment(raw: Any) -> str:
    name, known = str(raw or "").strip(), [place.name for place in places.known()]
    if name and name not in known:
        raise ValueError(f"There is no environment “{name[:40]}”. Known: {', '.join(known) or 'none yet'}.")
    return name


def _columns(raw: Any) -> list[dict[str, str]]:
    if not isinstance(raw, list) or len(raw) > MAX_COLUMNS:
        raise ValueError(f"Give a list of at most {MAX_COLUMNS} columns.")
    columns = [_column(item) for item in raw]
    names = [column["name"].lower() for column in columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"The column {twice} is named twice.")
    return columns


def _column(raw: Any) -> dict[str, str]:
    if not isinstance(raw, Mapping) or set(raw) - {"name", "classification", "description"}:
        raise ValueError("A column has a name, and may have a classification and a description.")
    column = {key: str(raw.get(key) or "").strip() for key in ("name", "classification", "description")}
    if not 1 <= len(column["name"]) <= MAX_COLUMN or _CONTROL.search("".join(column.values())) or "," in column["name"]:
        raise ValueError(f"A column's name has 1 to {MAX_COLUMN} characters and no comma.")
    if column["classification"] not in ("", *STRICTNESS):
        raise ValueError(f"{column['name']}: choose one of {', '.join(STRICTNESS)}, or leave the class out.")
    if len(column["description"]) > 500:
        raise ValueError(f"{column['name']}: describe it in at most 500 characters.")
    return column


CLEANERS: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "description": _text,
    "owner": _owner,
    "business_unit": _unit,
    "classification": _one_of(list(DataClassification.values)),
    "labelled_share": _share,
    "location": _location,
    "environment": _environment,
    "readiness": _one_of(list(Readiness.values)),
    "columns": _columns,
}
