"""The admin console's part, and runs in the command palette."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from coe_portal.core import search
from coe_portal.core.models import AuditEntry, User
from deployments.models import Environment, Run, TemplateVersion
from projects.models import Project
from tests.deployments.conftest import ENVIRONMENT
from tests.deployments.test_runs import move

pytestmark = pytest.mark.django_db
FORM = ENVIRONMENT | {"images": '{"sklearn": "repo/image:1"}', "providers": "{}", "currency": "USD", "role_arn": ""}


def test_a_lead_adds_and_changes_an_environment_through_the_services(
    client: Client, lead: User, project: Project
) -> None:
    client.force_login(lead)
    made = client.post("/admin/deployments/environment/add/", FORM | {"projects": [project.pk]}, follow=True)
    environment = Environment.objects.get()
    assert environment.external_id in unescape(made.content.decode())
    assert list(environment.projects.all()) == [project]
    url = f"/admin/deployments/environment/{environment.pk}/change/"
    assert environment.external_id not in client.get(url).content.decode()
    assert client.post(url, FORM | {"region": "us-east-1"}).status_code == 302
    environment.refresh_from_db()
    assert (environment.region, environment.projects.count()) == ("us-east-1", 0)
    actions = list(AuditEntry.objects.filter(subject=environment.ref).order_by("id").values_list("action", flat=True))
    assert actions == ["environment.created", "environment.changed"]


def test_what_aws_refuses_is_refused_in_the_admin_too(client: Client, lead: User) -> None:
    client.force_login(lead)
    answer = client.post("/admin/deployments/environment/add/", FORM | {"account_id": "12", "bucket": "My Bucket"})
    page = unescape(answer.content.decode())
    assert "12 digits" in page and "3 to 63 lower-case letters" in page
    assert not Environment.objects.exists()


def test_a_check_can_be_asked_for_in_the_admin(client: Client, lead: User, local: Environment) -> None:
    client.force_login(lead)
    data = {"action": "check_now", "_selected_action": [local.pk]}
    client.post("/admin/deployments/environment/", data)
    local.refresh_from_db()
    assert local.check_state == "checking"


@pytest.mark.parametrize("who", ["lead", "auditor"])
def test_templates_and_runs_are_read_only(
    client: Client, launch: Callable[..., Run], request: pytest.FixtureRequest, who: str
) -> None:
    run, version = launch(), TemplateVersion.objects.all()[0]
    client.force_login(request.getfixturevalue(who))
    for path in (f"run/{run.pk}", f"templateversion/{version.pk}"):
        url = f"/admin/deployments/{path}/"
        assert client.get(url, follow=True).status_code == 200
        assert client.get(f"/admin/deployments/{path.partition('/')[0]}/add/").status_code == 403
    assert client.post(f"/admin/deployments/run/{run.pk}/change/", {"state": "failed"}).status_code == 403


def test_an_auditor_reads_environments_and_changes_none(client: Client, auditor: User, local: Environment) -> None:
    client.force_login(auditor)
    url = f"/admin/deployments/environment/{local.pk}/change/"
    assert client.get(url).status_code == 200
    assert client.post(url, FORM).status_code == 403


@pytest.mark.parametrize("words", ["run 1", "1", "night", "PRJ", "tabular", "id"])
def test_the_palette_finds_runs_by_number_id_project_and_note(
    launch: Callable[..., Run], scientist: User, stranger: User, words: str
) -> None:
    run = move(launch(note="night shift"), "submitting", "failed")
    typed: dict[str, Any] = {"PRJ": run.project.key.lower(), "id": run.pk}
    hits = search.find(scientist, typed.get(words, words)).get("Runs", [])
    assert [(hit.title, hit.url) for hit in hits] == [("Run 1", f"/projects/{run.project.key}/runs/1/")]
    assert hits[0].subtitle.endswith("tabular-classifier, failed")
    assert search.find(stranger, typed.get(words, words)).get("Runs", []) == []
