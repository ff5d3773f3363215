"""The pages of environments: added, edited, checked by a worker; others see why they may not."""

import pytest
from django.test import Client

from coe_portal.core.models import User
from deployments.models import Environment
from projects.models import Project
from tests.deployments.conftest import ENVIRONMENT, HTMX, text

pytestmark = pytest.mark.django_db


def test_a_lead_adds_an_environment_and_sees_the_external_id_once(client: Client, lead: User) -> None:
    client.force_login(lead)
    data = {name: value for name, value in ENVIRONMENT.items() if name != "images"}
    data |= {"name": "ml-dev", "kind": "dev", "role_arn": "arn:aws:iam::111122223333:role/coe-portal", "projects": ""}
    wrong = client.post("/environments/new/", data | {"account_id": "12", "sklearn_image": "a b"})
    assert wrong.status_code == 422
    assert "12 digits" in text(wrong) and "without spaces" in text(wrong)
    answer = client.post("/environments/new/", data | {"sklearn_image": "repo/image:1"})
    assert answer["Location"] == "/environments/ml-dev/"
    environment = Environment.objects.get()
    assert environment.images == {"sklearn": "repo/image:1"}
    assert environment.external_id in text(client.get("/environments/ml-dev/"))
    assert environment.external_id not in text(client.get("/environments/ml-dev/"))
    client.post("/environments/ml-dev/external-id/")
    environment.refresh_from_db()
    assert environment.external_id in text(client.get("/environments/ml-dev/"))


def test_an_environment_is_edited_and_other_images_are_kept(
    client: Client, lead: User, local: Environment, project: Project
) -> None:
    Environment.objects.update(images={"sklearn": "a", "xgboost": "b"})
    client.force_login(lead)
    page = text(client.get("/environments/local/edit/"))
    assert 'value="coe-local"' in page
    data = {name: value for name, value in ENVIRONMENT.items() if name != "images"}
    data |= {"bucket": "other-bucket", "access": "listed", "projects": project.key.lower(), "sklearn_image": "c"}
    assert client.post("/environments/local/edit/", data).status_code == 303
    local.refresh_from_db()
    assert (local.bucket, local.images) == ("other-bucket", {"sklearn": "c", "xgboost": "b"})
    assert list(local.projects.all()) == [project]


def test_a_check_is_asked_for_and_polled_until_a_worker_has_answered(
    client: Client, lead: User, local: Environment
) -> None:
    client.force_login(lead)
    assert client.post("/environments/local/check/")["Location"] == "/environments/local/"
    assert "A worker tries out identity" in text(client.get("/environments/local/"))
    assert client.get("/environments/local/checks/", headers=HTMX).status_code == 200
    items = [
        {
            "code": "bucket",
            "title": "Bucket",
            "ok": False,
            "message": "Access denied.",
            "how_to_fix": "Allow s3:ListBucket.",
        }
    ]
    Environment.objects.update(check_requested_at=None, check_result={"at": "now", "state": "failed", "items": items})
    done = client.get("/environments/local/checks/", headers=HTMX)
    assert done.status_code == 286
    assert "Does not work" in text(done) and "Allow s3:ListBucket." in text(done)


def test_others_see_environments_but_no_switch_that_works(browser: Client, local: Environment) -> None:
    page = text(browser.get("/environments/"))
    assert "local" in page and "Only CoE leads may add environments." in page
    assert browser.post("/environments/new/", {"name": "x"}).status_code == 422
    browser.post("/environments/local/check/")
    assert Environment.objects.get().check_requested_at is None
    assert "Only CoE leads and DevOps engineers may check an environment." in text(browser.get("/environments/local/"))
