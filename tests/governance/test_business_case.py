"""The business case: one content for the page, the PDF and the API."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.models import User
from governance.services import business_case, qualification
from governance.services.qualification import Wish
from governance.views import business_case_pdf
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation
from tests.governance.requests import decide, submitted

pytestmark = pytest.mark.django_db
SCORES = {"value": 5, "feasibility": 4, "data_readiness": 4, "risk": 3}


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _case(key: str, reader: User) -> business_case.BusinessCase:
    return business_case.of(reader, key)[1]


def test_it_says_what_it_is_worth_what_it_costs_and_when_it_pays(people: dict[str, User]) -> None:
    case = _case(complete_intake().key, people["sponsor"])
    assert [(item.label, item.value) for item in case.figures] == [
        ("Value, per year", "$1.1M"),
        ("Cost to the gate", "$95k"),
        ("Pays back in", "2 months"),
        ("Accuracy", "0.82 share"),
    ]
    assert (case.version, case.accepted, len(case.questions)) == ("draft", 0, 8)
    assert case.recommendation == "None yet: the case is being written."
    assert "Stop when: Accuracy below 0.75 after eight weeks" in case.reasons


def test_what_is_not_known_is_said_and_not_zero(people: dict[str, User]) -> None:
    case = _case(intake().key, people["sponsor"])
    assert {item.value for item in case.figures} == {"not known", "not agreed"}
    assert {item.line for item in case.questions} == {"Not answered yet."}


@given(st.decimals("0.01", "1e9", places=2), st.decimals("0.01", "1e9", places=2))
def test_the_value_of_the_months_pays_the_cost_and_not_a_month_less(cost: Decimal, value: Decimal) -> None:
    months = business_case.payback_months(cost, value)
    assert months is not None and value * months / 12 >= cost
    assert months == 1 or value * (months - 1) / 12 < cost


def test_a_payback_without_figures_is_unknown() -> None:
    assert business_case.payback_months(None, Decimal(1)) is None
    assert business_case.payback_months(Decimal(1), None) is None
    assert business_case.payback_months(Decimal(1), Decimal(0)) is None


def _funded(people: dict[str, User]) -> str:
    asked = submitted()
    key = asked.project.key
    qualification.give_review(project_key=key, scores=SCORES, actor=people["lead"])
    qualification.decide_intake(project_key=key, wish=Wish("fund", "The unit has waited long."), actor=people["lead"])
    decide(asked, "sponsor")
    return key


def test_the_recommendation_is_the_decision_with_its_reason_and_who_has_signed(people: dict[str, User]) -> None:
    case = _case(_funded(people), people["auditor"])
    assert (case.version, case.recommendation) == ("revision 1", "Fund the proof of concept.")
    assert case.reasons[0].startswith("Marta Veiga, ") and case.reasons[0].endswith(": The unit has waited long.")
    assert case.scores[0] == ("Business value", "5.0 of 5", "5 to 5")
    assert [(item.role, item.name) for item in case.signatures] == [
        ("CoE lead", "Marta Veiga"),
        ("Sponsor", "Ingrid Solberg"),
    ]
    assert all(item.said.startswith("Approved ") for item in case.signatures) and case.accepted == 8


def drawn(case: business_case.BusinessCase) -> str:
    """The words of everything that the PDF draws."""
    business_case_pdf._fonts()
    found: list[str] = []

    def walk(item: Any) -> None:
        if isinstance(item, list | tuple):
            for each in item:
                walk(each)
        elif hasattr(item, "getPlainText"):
            found.append(item.getPlainText())
        elif hasattr(item, "_cellvalues"):
            walk(item._cellvalues)
        elif hasattr(item, "_content"):
            walk(item._content)

    walk(business_case_pdf.story(case, 500))
    return " ".join(" ".join(found).split())


def test_page_and_pdf_say_the_same_words(client: Client, people: dict[str, User]) -> None:
    key = _funded(people)
    case = _case(key, people["lead"])
    client.force_login(people["lead"])
    page = client.get(f"/projects/{key}/business-case/").content.decode()
    paper = drawn(case)
    said = [case.name, case.recommendation, *case.reasons, *(item.line for item in case.questions)]
    said += [text for item in case.figures for text in (item.label, item.value, item.note)]
    said += [text for item in case.signatures for text in (item.role, item.name, item.said)]
    shown = re.sub(r"\s+", " ", page.replace("&#x27;", "'").replace("&amp;", "&"))
    for words in said:
        assert words in paper and words in shown, words


def test_the_pdf_is_one_page_of_a4_with_its_own_fonts(client: Client, people: dict[str, User]) -> None:
    key = _funded(people)
    client.force_login(people["sponsor"])
    answer = client.get(f"/projects/{key}/business-case.pdf")
    body = answer.content
    assert answer["Content-Type"] == "application/pdf" and answer["Content-Disposition"].startswith("inline; filename=")
    assert body.startswith(b"%PDF-") and body.count(b"/Type /Page\n") == 1 and b"595.2756 841.8898" in body
    assert b"Inter" in body and len(body) < 150_000


def test_whatever_people_write_is_drawn_as_text(people: dict[str, User]) -> None:
    project = complete_intake(
        "R&D <b>łódź</b> Ωmega", feasible={"kill_criteria": "<para>" + "x" * 400 + " & < > “quotes” ęąő"}
    )
    case = _case(project.key, people["lead"])
    assert business_case_pdf.pdf_of(case).startswith(b"%PDF-") and "<b>łódź</b>" in drawn(case)


def test_the_api_gives_the_same_and_strangers_get_nothing(client: Client, people: dict[str, User]) -> None:
    key = _funded(people)
    read = client.get(f"/api/v1/projects/{key}/business-case/", headers=bearer(people["domain"])).json()
    assert read["recommendation"] == "Fund the proof of concept." and read["figures"][0]["value"] == "$1.1M"
    client.force_login(people["stranger"])
    for address in (f"/projects/{key}/business-case/", f"/projects/{key}/business-case.pdf"):
        assert client.get(address).status_code == 404
