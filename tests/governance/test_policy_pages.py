"""Policies are written in the portal: checked beside the text, imported, exported, published; nothing typed is lost."""

import json

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from coe_portal.core.errors import InvalidInput, NotFound, StaleState
from coe_portal.core.models import AuditEntry
from governance.models import PolicyVersion
from governance.services import policies
from tests.core.conftest import bearer
from tests.factories import complete_intake, organisation, person

pytestmark = pytest.mark.django_db
JSON = "application/json"
WRONG = policies.DEFAULT.read_text().replace("group: security", "group: wizards", 1)


@pytest.fixture
def lead(client: Client) -> Client:
    organisation()
    client.force_login(person("lead"))
    return client


def _file(content: bytes, name: str = "policy.yaml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_wrong_text_comes_back_whole_with_line_and_reason_beside_it(lead: Client) -> None:
    page = lead.post("/policies/new/", {"source": WRONG + "# my notes\n", "do": "save"})
    text = page.content.decode()
    line = WRONG[: WRONG.index("wizards")].count("\n") + 1
    assert page.status_code == 422
    assert f'data-line="{line}"' in text
    assert "&#x27;wizards&#x27; is not one of" in text
    assert "# my notes" in text
    assert '<code class="cut-l">group: wizards</code>' in text
    assert PolicyVersion.objects.count() == 1


def test_checking_says_what_changes_and_keeps_nothing(lead: Client) -> None:
    source = policies.DEFAULT.read_text().replace("weight: 14", "weight: 20", 1)
    page = lead.post("/policies/new/", {"source": source, "do": "check"}).content.decode()
    assert "Can be kept" in page
    assert "<ins>20</ins>" in page
    assert PolicyVersion.objects.count() == 1
    fragment = lead.post("/policies/new/", {"source": WRONG}, headers={"HX-Request": "true"})
    assert fragment.status_code == 422
    assert fragment.content.decode().startswith('<section class="card" id="problems"')


def test_a_draft_is_made_changed_tried_published_and_then_never_changes(lead: Client) -> None:
    begun = lead.get("/policies/new/?from=default:1").content.decode()
    assert "name: default" in begun
    source = policies.DEFAULT.read_text().replace("The default journey", "Our journey")
    lead.post("/policies/new/", {"source": source.replace("\n", "\r\n"), "do": "save"})
    draft = PolicyVersion.objects.get(number=2)
    assert draft.source == source
    better = source.replace("Our journey", "Our better journey")
    done = lead.post("/policies/default:2/edit/", {"source": better, "do": "save", "digest": draft.digest}, follow=True)
    assert "Try it on live projects" in done.content.decode()
    published = lead.post("/policies/default:2/publish/", {"new_projects": "on"}, follow=True).content.decode()
    assert "never changes again. New projects begin with it." in published
    refused = lead.post("/policies/default:2/edit/", {"source": source, "do": "save"})
    assert refused.status_code == 409
    assert "Our journey" in refused.content.decode()
    assert PolicyVersion.objects.get(number=2).title == "Our better journey"
    assert AuditEntry.objects.filter(action="policy.published", actor=person("lead")).count() == 1


def test_two_leads_never_overwrite_each_other(lead: Client) -> None:
    draft = policies.create_draft(source=policies.DEFAULT.read_text(), actor=person("lead"))
    theirs = draft.source.replace("The default journey", "Theirs")
    policies.change_draft(policy_id=draft.pk, source=theirs, expected=draft.digest, actor=person("lead"))
    mine = draft.source.replace("The default journey", "Mine")
    page = lead.post(f"/policies/{draft.label}/edit/", {"source": mine, "do": "save", "digest": draft.digest})
    assert page.status_code == 409
    assert "title: Mine" in page.content.decode()
    draft.refresh_from_db()
    assert draft.title == "Theirs"
    with pytest.raises(StaleState):
        policies.change_draft(policy_id=draft.pk, source=mine, expected="old", actor=person("lead"))


@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_what_is_exported_is_imported_as_the_same_policy(lead: Client, kind: str) -> None:
    exported = lead.get(f"/policies/default:1/export/?format={kind}")
    assert exported["Content-Disposition"] == f'attachment; filename="default-1.{kind}"'
    file = _file(exported.content, f"policy.{kind}")
    lead.post("/policies/new/", {"source": "", "file": file, "do": "save"})
    versions = PolicyVersion.objects.order_by("number")
    assert [row.digest for row in versions] == [versions[0].digest] * 2
    if kind == "yaml":
        assert versions[1].source == policies.DEFAULT.read_text()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "text in UTF-8"),
        (b'{"name": ', "begins like JSON and is none"),
        (b"#" * 400_001, "larger than"),
        (b"name: x\n\ttabs: 1", "line 2"),
    ],
    ids=["no text", "no JSON", "too long", "no YAML"],
)
def test_a_file_that_is_no_policy_is_refused_and_the_text_stays(lead: Client, content: bytes, sentence: str) -> None:
    page = lead.post("/policies/new/", {"source": "name: typed", "file": _file(content), "do": "save"})
    assert page.status_code == 422
    text = page.content.decode()
    assert sentence.lower() in text.lower()
    assert PolicyVersion.objects.count() == 1


def test_an_import_that_cannot_be_read_is_an_error_of_the_file() -> None:
    with pytest.raises(InvalidInput) as refused:
        policies.imported(b"\xff")
    assert set(refused.value.errors) == {"file"}
    assert yaml.safe_load(policies.imported(json.dumps({"name": "x"}).encode())) == {"name": "x"}


def test_the_list_of_projects_moves_the_chosen_ones(lead: Client) -> None:
    project = complete_intake()
    draft = policies.create_draft(
        source=policies.DEFAULT.read_text().replace("weight: 14", "weight: 15", 1), actor=person("lead")
    )
    policies.publish(policy_id=draft.pk, actor=person("lead"))
    page = lead.get(f"/policies/{draft.label}/projects/").content.decode()
    assert f'value="{project.key}"' in page
    done = lead.post(f"/policies/{draft.label}/projects/", {"project": [project.key, "PRJ-0"]}, follow=True)
    text = done.content.decode()
    assert "1 project moved to default version 2." in text
    assert "PRJ-0 did not move" in text
    assert "Every project under way is on this version" in text


def test_the_api_changes_a_draft_only_as_it_was_read(lead: Client) -> None:
    draft = policies.create_draft(source=policies.DEFAULT.read_text(), actor=person("lead"))
    address = f"/api/v1/policies/{draft.label}/"
    tag = lead.get(address)["ETag"]
    body = {"source": draft.source.replace("The default journey", "Ours")}
    first = lead.patch(address, body, content_type="application/json", headers={"If-Match": tag})
    assert (first.status_code, first.json()["title"]) == (200, "Ours")
    assert lead.patch(address, body, content_type="application/json", headers={"If-Match": tag}).status_code == 412
    beside = lead.post(f"{address}publish/", {"new_projects": False}, content_type="application/json").json()
    assert beside["starts_projects"] is True  # it takes the place of the version that new projects began with
    assert lead.patch(address, body, content_type="application/json").status_code == 409


def test_the_page_of_the_stricter_policy_shows_scoring_sources_and_dates(lead: Client) -> None:
    draft = policies.load_stricter()
    assert draft is not None
    page = lead.get(f"/policies/{draft.label}/").content.decode()
    for words in ("EU AI Act risk questionnaire", "2026-08-02", "Annex III(4)", "Nothing may be done in this tier"):
        assert words in page, words


def test_a_draft_is_discarded_and_never_a_published_version(lead: Client) -> None:
    draft = policies.create_draft(source=policies.DEFAULT.read_text(), actor=person("lead"))
    assert "Discard this draft" in lead.get(f"/policies/{draft.label}/").content.decode()
    stale = lead.post(f"/policies/{draft.label}/discard/", {"digest": "another"})
    assert stale.status_code == 409 and "changed this draft" in stale.content.decode()
    done = lead.post(f"/policies/{draft.label}/discard/", {"digest": draft.digest}, follow=True).content.decode()
    assert f"{draft} is discarded." in done and "Discarded" in done
    entry = AuditEntry.objects.get(action="policy.discarded")
    kept = {"name": "default", "number": 2, "title": draft.title, "digest": draft.digest, "status": "draft"}
    assert (entry.before, entry.after, entry.actor) == (kept, {"status": "discarded"}, person("lead"))
    page = lead.get(f"/policies/{draft.label}/").content.decode()
    assert "Draft from this version" in page and "Publish this draft" not in page
    for command in ("publish", "discard", "edit"):
        assert lead.post(f"/policies/{draft.label}/{command}/", {"source": "name: x", "do": "save"}).status_code == 409
    assert lead.post("/policies/default:1/discard/").status_code == 409
    assert PolicyVersion.objects.get(number=1).status == "published"
    assert policies.create_draft(source=draft.source, actor=person("lead")).number == 3


def test_a_discarded_draft_is_seen_by_leads_only_and_counts_for_nothing(lead: Client, client: Client) -> None:
    title = policies.DEFAULT.read_text().replace("The default journey", "Never meant")
    draft = policies.create_draft(source=title, actor=person("lead"))
    headers = bearer(person("lead"), "read", "admin")
    done = lead.post(f"/api/v1/policies/{draft.pk}/discard/", content_type=JSON, headers=headers)
    assert (done.status_code, done.json()["status"]) == (200, "discarded")
    again = lead.post(f"/api/v1/policies/{draft.pk}/discard/", content_type=JSON, headers=headers)
    assert again.status_code == 409
    project = complete_intake()
    refused = lead.post(f"/api/v1/policies/{draft.pk}/migrate/", {"projects": [project.key]}, content_type=JSON)
    assert refused.json()["refused"][0]["reason"].startswith("default:2 is discarded")
    with pytest.raises(NotFound):
        policies.policy_of(draft.label)
    client.force_login(person("domain"))
    assert client.get(f"/policies/{draft.label}/").status_code == 404
    assert "Never meant" not in client.get("/policies/").content.decode()
    assert client.get(f"/api/v1/policies/{draft.pk}/").status_code == 404


def test_a_shipped_policy_that_was_discarded_is_not_drafted_again_at_the_next_start(lead: Client) -> None:
    draft = policies.load_stricter()
    assert draft is not None
    policies.discard(policy_id=draft.pk, actor=person("lead"))
    assert policies.load_stricter() is None
