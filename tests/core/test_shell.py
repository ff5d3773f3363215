"""What stands around every page: counts, colours, the palette's actions, refusals, sign-in."""

import pytest
from django.test import Client

from coe_portal.core import audit, search
from coe_portal.core.models import AuditEntry, User
from coe_portal.core.templatetags import coe_ui
from projects.models import Project
from tests.factories import intake, organisation

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def test_the_sidebar_counts_open_projects_and_intakes_without_a_script(client: Client, people: dict[str, User]) -> None:
    intake("One"), intake("Two")
    Project.objects.filter(name="Two").update(stage="poc")
    client.force_login(people["domain"])
    page = client.get("/me/").content.decode()
    assert page.count('<span class="count quiet" aria-hidden="true">1</span>') == 1
    assert page.count('<span class="count quiet" aria-hidden="true">2</span>') == 1
    client.force_login(people["stranger"])
    assert "count quiet" not in client.get("/me/").content.decode()


def test_the_account_menu_offers_the_console_to_those_who_may_open_it(client: Client, people: dict[str, User]) -> None:
    for who, offered in (("lead", True), ("auditor", True), ("domain", False)):
        client.force_login(people[who])
        page = client.get("/me/").content.decode()
        assert ("Admin console" in page) is offered
        assert people[who].duties in page


def test_colours_chosen_beside_the_account_are_kept_and_lead_back(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["domain"])
    answer = client.post("/me/theme/", {"theme": "dark", "next": "/audit/?project=PRJ-1"})
    assert (answer.status_code, answer["Location"]) == (303, "/audit/?project=PRJ-1")
    assert 'data-bs-theme="dark"' in client.get("/audit/").content.decode()
    after = {"theme": "dark", "shortcuts": True, "mail": "immediate"}
    assert AuditEntry.objects.get(action="user.preferences").after == after
    assert client.post("/me/theme/", {"theme": "light"}, headers=HTMX).status_code == 204
    assert client.post("/me/theme/", {"theme": "pink"}).status_code == 400


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_way_back_never_leaves_the_portal(client: Client, people: dict[str, User], elsewhere: str) -> None:
    client.force_login(people["domain"])
    assert client.post("/me/theme/", {"theme": "dark", "next": elsewhere})["Location"] == "/me/"


def test_the_palette_offers_what_the_person_may_do(people: dict[str, User]) -> None:
    assert "Add a person" in [hit.title for hit in search.find(people["lead"], "person")["Do"]]
    assert "Do" not in search.find(people["domain"], "add a person")
    project = intake("Claims triage")
    Project.objects.filter(pk=project.pk).update(stage="poc")
    assert search.find(people["domain"], "launch claims")["Do"][0].url == f"/projects/{project.key}/runs/new/"
    assert "Do" not in search.find(people["lead"], "launch claims")


def test_what_begins_with_the_words_comes_first(people: dict[str, User]) -> None:
    intake("Better audit sampling")
    assert next(iter(search.find(people["domain"], "audit"))) == "Go to"
    assert next(iter(search.find(people["domain"], "better"))) == "Projects"


def test_the_search_page_lists_what_is_found_without_a_script(client: Client, people: dict[str, User]) -> None:
    project = intake("Claims triage")
    client.force_login(people["domain"])
    page = client.get("/search/?q=triage").content.decode()
    assert f'href="/projects/{project.key}/"' in page.split('id="palette-results"')[1]
    assert "Nothing matches “xyz”." in client.get("/search/?q=xyz").content.decode()


def test_typed_words_are_bold_and_never_markup() -> None:
    assert coe_ui.marked("Claims triage", "tri") == "Claims <b>tri</b>age"
    assert coe_ui.marked("<i>a", "i") == "&lt;<b>i</b>&gt;a"
    assert coe_ui.marked("Anything", "") == "Anything"


def test_a_missing_page_keeps_the_sidebar_and_says_who_can_help(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["stranger"])
    for address in ("/nothing/", "/projects/PRJ-9999/"):
        answer = client.get(address)
        page = answer.content.decode()
        assert answer.status_code == 404
        assert 'class="side"' in page and "CoE lead can add you" in page


def test_a_missing_page_shows_a_visitor_no_sidebar(client: Client) -> None:
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert 'class="side"' not in answer.content.decode()


def test_a_refused_part_of_a_page_stays_a_part(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["stranger"])
    for address in ("/nothing/", "/projects/PRJ-9999/gate/"):
        part = client.get(address, headers=HTMX).content.decode()
        assert "<!doctype" not in part and 'role="alert"' in part


def test_a_broken_page_needs_neither_database_nor_session(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("boom")

    client.raise_request_exception = False
    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", broken)
    answer = client.get("/me/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something broke on our side" in page and answer["X-Request-Id"] in page and "boom" not in page


def test_a_form_without_its_token_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "ada"})
    assert answer.status_code == 403
    assert "This form is out of date" in answer.content.decode()


@pytest.mark.parametrize("address", ["/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/", "/audit/"])
def test_pages_of_the_account_stand_in_the_shell(client: Client, people: dict[str, User], address: str) -> None:
    client.force_login(people["domain"])
    page = client.get(address).content.decode()
    assert 'class="side"' in page and "CoE Portal" in page


def test_fields_of_sign_in_have_labels_and_no_words_inside(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert '<label for="id_login">Username</label>' in page
    assert "placeholder" not in page


def _row(action: str) -> str:
    return coe_ui.compiled("rows/audit.jinja", entries=AuditEntry.objects.filter(action=action), objects={})


def test_the_trail_tells_changes_in_words_without_bookkeeping(people: dict[str, User]) -> None:
    audit.record(
        actor=None,
        action="user.greeted",
        subject=people["lead"],
        before={"approver_groups": [], "is_active": True, "version": 1},
        after={"approver_groups": ["security", "finance"], "is_active": False, "version": 2},
    )
    shown = _row("user.greeted")
    assert '<div><span class="subl">Approver groups:</span> security, finance</div>' in shown
    assert '<div><span class="subl">Is active:</span> <del>yes</del> → no</div>' in shown
    assert "ersion" not in shown
    assert coe_ui.deed("run.stop_requested") == "Run stop requested"


def test_what_people_wrote_stays_text_in_the_trail(people: dict[str, User]) -> None:
    bold = {f"<b>{number}": "<script>" for number in range(5)}
    for number, after in enumerate(({"note": "<script>"}, bold)):
        action = f"user.wrote{number}"
        audit.record(actor=None, action=action, subject=people["lead"], before={"note": "<i>"}, after=after)
        shown = _row(action)
        assert "&lt;script&gt;" in shown and "&lt;i&gt;" in shown
        assert not any(tag in shown for tag in ("<script>", "<b>", "<i>"))


def test_filters_of_the_trail_are_chips_that_take_themselves_away(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["lead"])
    page = client.get("/audit/?project=PRJ-1&action=run").content.decode()
    assert 'href="/audit/?action=run">Project <b>PRJ-1</b>' in page
    assert 'href="/audit/?project=PRJ-1">Action <b>run</b>' in page
