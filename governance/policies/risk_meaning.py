"""What the schema of the risk questionnaire cannot say. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

Problem = tuple[list[Any], str]


def risk(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Codes are unique, tiers rise from no points at all, and everything that is named exists."""
    if "risk" not in document:
        return
    found = document["risk"]
    yield from _tiers(found["tiers"])
    yield from _questions(found, {tier["tier"] for tier in found["tiers"]})
    criteria = {criterion["code"]: criterion["answer_schema"]["properties"] for criterion in document["criteria"]}
    for index, place in enumerate(found.get("reopened_by", ())):
        code, _, field = place.partition(".")
        if code not in criteria or (field and field not in criteria[code]):
            yield ["risk", "reopened_by", index], f"No criterion asks for “{place}”."


def _tiers(tiers: list[Mapping[str, Any]]) -> Iterator[Problem]:
    names = [tier["tier"] for tier in tiers]
    if tiers[0]["from"] != 0:
        yield ["risk", "tiers", 0, "from"], "The mildest tier begins at 0 points, so that every score has a tier."
    for index, tier in enumerate(tiers):
        if names.index(tier["tier"]) != index:
            yield ["risk", "tiers", index, "tier"], f"The tier “{tier['tier']}” is named twice."
        if index and tier["from"] <= tiers[index - 1]["from"]:
            yield ["risk", "tiers", index, "from"], "A tier begins above the one before it."


def _questions(found: Mapping[str, Any], tiers: set[str]) -> Iterator[Problem]:
    codes = [question["code"] for question in found["questions"]]
    for index, question in enumerate(found["questions"]):
        path = ["risk", "questions", index]
        if codes.index(question["code"]) != index:
            yield [*path, "code"], f"The question “{question['code']}” is asked twice."
        values = [option["value"] for option in question["options"]]
        for number, option in enumerate(question["options"]):
            place = [*path, "options", number]
            if values.index(option["value"]) != number:
                yield [*place, "value"], f"The option “{option['value']}” is offered twice."
            if "tier" in option and option["tier"] not in tiers:
                yield [*place, "tier"], f"“{option['tier']}” is no tier of this questionnaire."
