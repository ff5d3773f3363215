"""Choosing a colleague: a list of few, a field that suggests while one types in an organisation of thousands."""

from typing import Any

import pytest
from django import forms
from django.test import Client

from coe_portal.core.colleagues import LISTED, SUGGESTED, ColleagueField
from coe_portal.core.models import User
from tests.factories import intake, organisation, person

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


class Choice(forms.Form):
    """A form as the pages have them."""

    who = ColleagueField(nobody="Nobody yet", required=False, label="Who")


@pytest.fixture
def thousands(ada: User) -> None:
    """More people than a list holds; two of them have one name."""
    rows = [User(username=f"user{n:04}", display_name=f"Colleague {n:04}") for n in range(3000)]
    rows += [User(username=f"jansen{n}", display_name="Kim Jansen") for n in (1, 2)]
    User.objects.bulk_create(rows)


def chosen(text: str, **more: Any) -> Any:
    """What the field makes of what was sent: the username, or the sentence of the refusal."""
    form = Choice({"who": text}, **more)
    return form.cleaned_data["who"] if form.is_valid() else form.errors["who"][0]


def test_few_colleagues_stand_in_a_list(ada: User) -> None:
    drawn = str(Choice()["who"])
    assert '<option value="ada">Ada Byron</option>' in drawn and "combobox" not in drawn
    assert chosen("ada") == "ada" and chosen("") == ""
    assert chosen("nobody.known").startswith("“nobody.known” cannot be chosen here.")


def test_many_colleagues_are_searched_and_the_page_holds_none_of_them(thousands: None) -> None:
    drawn = str(Choice(initial={"who": "ada"})["who"])
    assert len(drawn) < 1500 and "Colleague" not in drawn.replace("Colleagues", "")
    assert (
        'role="combobox"' in drawn
        and 'value="Ada Byron (ada)"' in drawn
        and 'placeholder="Nobody yet: type a part of the name"' in drawn
    )


@pytest.mark.parametrize(
    ("text", "username"),
    [
        ("Ada Byron (ada)", "ada"),
        ("ada", "ada"),
        (" ada byron ", "ada"),  # without scripts: the only one who is called so
        ("Kim Jansen (jansen2)", "jansen2"),
        ("", ""),
    ],
)
def test_a_name_with_its_username_is_understood(thousands: None, text: str, username: str) -> None:
    assert chosen(text) == username


@pytest.mark.parametrize("text", ["Kim Jansen", "Ada", "Ada Byron (nobody)", "x\x00y", "(ada", "%"])
def test_what_names_nobody_or_several_is_refused_and_stays_in_the_field(thousands: None, text: str) -> None:
    form = Choice({"who": text})
    assert not form.is_valid()
    drawn = str(form["who"])
    assert text.replace("\x00", "") in drawn.replace("\x00", "") and 'aria-invalid="true"' in drawn


def test_only_whom_the_form_offers_can_be_chosen(thousands: None) -> None:
    form = Choice({"who": "Kim Jansen (jansen1)"})
    form.fields["who"].offer(User.objects.exclude(username="jansen1"))  # type: ignore[attr-defined]
    assert not form.is_valid()
    left = Choice({"who": "Kim Jansen"})
    left.fields["who"].offer(User.objects.people().exclude(username="jansen1"))  # type: ignore[attr-defined]
    assert left.is_valid() and left.cleaned_data["who"] == "jansen2"


def test_who_left_cannot_be_chosen_any_more(thousands: None, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert chosen("Ada Byron (ada)") != "ada"


def test_suggestions_are_the_first_by_name_who_fit_every_word(client: Client, thousands: None, ada: User) -> None:
    client.force_login(ada)
    found = client.get("/people/?field=who&who=jansen+KIM", headers=HTMX).content.decode()
    assert found.index('data-value="Kim Jansen (jansen1)"') < found.index('data-value="Kim Jansen (jansen2)"')
    assert client.get("/people/?field=who&who=").content.decode().count("data-value") == SUGGESTED
    again = client.get("/people/", {"field": "who", "who": "Ada Byron (ada)"}).content.decode()
    assert again.count("data-value") == 1  # who was chosen before is found again
    none = client.get("/people/", {"field": "who", "who": "<b>"}).content.decode()
    assert "No colleague has “&lt;b&gt;" in none and 'aria-disabled="true"' in none


def test_forms_of_a_large_organisation_save_who_was_found(client: Client, thousands: None, ada: User) -> None:
    organisation()
    project = intake()
    client.force_login(person("domain"))
    team = f"/projects/{project.key}/team/"
    page = client.get(team).content.decode()
    assert page.count("<option") < LISTED and 'hx-get="/people/?field=user"' in page
    client.post(team, {"user": "Ada Byron (ada)", "roles": ["domain_expert"]})
    assert project.members.filter(user=ada).exists()
    refused = client.post(team, {"user": "Kim Jansen", "roles": ["domain_expert"]})
    assert refused.status_code == 422 and 'value="Kim Jansen"' in refused.content.decode()


def test_a_reviewer_of_a_large_organisation_is_invited_by_name(client: Client, thousands: None, ada: User) -> None:
    organisation()
    project = intake()
    client.force_login(person("lead"))
    panel = client.get(f"/projects/{project.key}/qualification/around/").content.decode()
    assert 'role="combobox"' in panel and len(panel) < 60_000
    client.post(f"/projects/{project.key}/qualification/reviewers/", {"user": "Ada Byron (ada)"})
    assert [row.user for row in project.reviewers.all()] == [ada]
