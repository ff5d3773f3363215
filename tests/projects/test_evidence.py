"""Evidence: files that are what they say, links, live objects; withdrawn and replaced without losing anything."""

import errno
import hashlib
import io
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest
from governance.services import data_access, intakes
from projects import filetypes
from projects.models import Evidence, Project
from projects.services import accesses, checklist, datasets, evidence, files
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation, person
from tests.governance.requests import decide

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def _office(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("[Content_Types].xml", *names):
            archive.writestr(name, "<x/>")
    return made.getvalue()


def _add(project: Project, content: bytes = PDF, name: str = "study.pdf", who: str = "domain", **more: Any) -> Evidence:
    piece = evidence.Piece(kind="file", file_name=name, content=io.BytesIO(content), **more)
    return evidence.add(project_key=project.key, code="baseline", piece=piece, actor=person(who))


def _kept(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_a_random_name_with_the_hash_of_its_content(people: dict[str, User], media: Path) -> None:
    piece = _add(intake(), name="../../Baseline study (final).pdf")
    digest = hashlib.sha256(PDF).hexdigest()
    assert (piece.title, piece.file_name, piece.size) == (
        "Baseline study (final).pdf", "Baseline study (final).pdf", len(PDF),
    )  # fmt: skip
    assert (piece.media_type, piece.sha256) == ("application/pdf", digest)
    (path,) = _kept(media)
    assert path.read_bytes() == PDF and "study" not in str(path.relative_to(media))
    assert path.stat().st_mode & 0o777 == 0o600
    entry = AuditEntry.objects.get(action="checklist.evidence_added")
    assert entry.after is not None and entry.after["sha256"] == digest


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("page.html", b"<script>alert(1)</script>", "Files of this kind are not kept"),
        ("drawing.svg", b"<svg/>", "Files of this kind are not kept"),
        ("tool.exe", b"MZ", "Files of this kind are not kept"),
        ("noextension", b"text", "Files of this kind are not kept"),
        ("study.pdf", b"<html>", "The content is not what"),
        ("photo.png", b"\xff\xd8\xff\xe0", "The content is not what"),
        ("numbers.csv", b"\x00\x01", "The content is not what"),
        ("numbers.csv", b"\xff\xfe1;2", "The content is not what"),
        ("sheet.xlsx", _office("word/document.xml"), "The content is not what"),
        ("sheet.xlsx", _office("xl/workbook.xml", "xl/vbaProject.bin"), "without macros"),
        ("sheet.xlsx", b"PK\x03\x04 broken", "The content is not what"),
        ("notes.json", b"hello", "The content is not what"),
    ],
)
def test_what_is_not_what_it_says_is_not_kept(
    people: dict[str, User], media: Path, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        _add(intake(), content, name)
    assert _kept(media) == [] and not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.PNG", b"\x89PNG\r\n\x1a\n...."),
        ("a.jpeg", b"\xff\xd8\xff\xe0"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 "),
        ("a.csv", "größe;wert\n1;2\n".encode()),
        ("a.ipynb", b'{"cells": []}'),
        ("a.docx", _office("word/document.xml")),
        ("a.xlsx", _office("xl/workbook.xml")),
    ],
)
def test_usual_files_are_kept(people: dict[str, User], name: str, content: bytes) -> None:
    assert _add(intake(), content, name).size == len(content)


@given(st.text(max_size=300))
def test_whatever_a_file_is_called_its_plain_name_is_harmless(name: str) -> None:
    plain = filetypes.plain_name(name)
    assert 0 < len(plain) <= 120
    assert not set('/\\:*?"<>|\r\n\x00') & set(plain)
    assert plain not in (".", "..") and filetypes.plain_name(plain) == plain


def test_too_large_and_empty_files_are_refused_and_leave_nothing(
    people: dict[str, User], media: Path, settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    with pytest.raises(InvalidInput, match="larger than 1 MB"):
        _add(intake(), PDF + b"x" * 1024 * 1024)
    with pytest.raises(InvalidInput, match="The file is empty"):
        _add(Project.objects.get(), b"", "empty.txt")
    assert _kept(media) == []


def test_a_full_disk_is_a_clear_refusal_and_nothing_half_kept(
    client: Client, people: dict[str, User], media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    project = intake()
    with pytest.raises(DomainError) as told:
        _add(project)
    assert (told.value.code, told.value.status) == ("storage_full", 507)
    client.force_login(people["domain"])
    address = f"projects/{project.key}/checklist/baseline/evidence/"
    page = client.post(f"/{address}", {"file": SimpleUploadedFile("study.pdf", PDF)})
    assert page.status_code == 422 and "There is no room for files now" in page.content.decode()
    answer = client.post(f"/api/v1/{address}", {"file": SimpleUploadedFile("study.pdf", PDF)})
    assert answer.json()["code"] == "storage_full"
    assert _kept(media) == [] and not Evidence.objects.exists()


def test_a_row_that_cannot_be_written_takes_its_file_with_it(
    people: dict[str, User], media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(evidence.audit, "record", broken)
    with pytest.raises(RuntimeError):
        _add(intake())
    assert _kept(media) == [] and not Evidence.objects.exists()


def test_files_that_no_row_points_to_are_swept_after_a_day(people: dict[str, User], media: Path) -> None:
    kept = _add(intake())
    young, old, half = (media / "evidence" / "ab" / name for name in ("young", "old", "half.part"))
    young.parent.mkdir(exist_ok=True)
    long_ago = timezone.now().timestamp() - 2 * 24 * 3600
    for path in (young, old, half):
        path.write_bytes(b"x")
    for path in (old, half, files.path_of(kept.stored_as)):
        os.utime(path, (long_ago, long_ago))
    assert evidence.sweep_files() == 2
    assert sorted(path.name for path in _kept(media)) == sorted(["young", Path(kept.stored_as).name])


def test_a_file_is_sent_as_an_attachment_that_no_browser_runs(client: Client, people: dict[str, User]) -> None:
    project = intake()
    piece = _add(project, b"<b>hi</b>", "übersicht.txt")
    client.force_login(people["domain"])
    for address in (
        f"/projects/{project.key}/evidence/{piece.pk}/",
        f"/api/v1/projects/{project.key}/evidence/{piece.pk}/file/",
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content) == b"<b>hi</b>"  # type: ignore[attr-defined]
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert {"sandbox", "default-src 'none'"} <= set(answer["Content-Security-Policy"].split("; "))
        assert "no-store" in answer["Cache-Control"]
    client.force_login(people["stranger"])
    assert client.get(f"/projects/{project.key}/evidence/{piece.pk}/").status_code == 404
    assert client.get(f"/api/v1/projects/{project.key}/evidence/{piece.pk}/file/").status_code == 404


def test_a_file_of_another_project_is_not_found_under_this_one(client: Client, people: dict[str, User]) -> None:
    mine, other = intake(), intake("Another")
    piece = _add(other)
    client.force_login(people["lead"])
    assert client.get(f"/projects/{mine.key}/evidence/{piece.pk}/").status_code == 404


def test_a_file_that_is_gone_from_the_disk_is_said_so(client: Client, people: dict[str, User], media: Path) -> None:
    project = intake()
    piece = _add(project)
    files.path_of(piece.stored_as).unlink()
    client.force_login(people["domain"])
    page = client.get(f"/projects/{project.key}/evidence/{piece.pk}/")
    assert page.status_code == 404 and "not in its place any more" in page.content.decode()


def test_strangers_and_auditors_add_nothing_and_fill_no_disk(people: dict[str, User], media: Path) -> None:
    project = intake()
    with pytest.raises(NotFound):
        _add(project, who="stranger")
    with pytest.raises(NotAllowed):
        _add(project, who="auditor")
    assert _kept(media) == []


def test_withdrawn_evidence_stays_readable_and_asks_for_another_verdict(
    client: Client, people: dict[str, User]
) -> None:
    project = complete_intake()
    piece = _add(project)
    checklist.give_verdict(project_key=project.key, code="baseline", verdict="accept", comment="", actor=people["lead"])
    with pytest.raises(InvalidInput, match="Say why"):
        evidence.withdraw(project_key=project.key, evidence_id=piece.pk, reason=" ", actor=people["domain"])
    evidence.withdraw(project_key=project.key, evidence_id=piece.pk, reason="Wrong year.", actor=people["domain"])
    assert project.criteria.get(code="baseline").status == "answered"
    with pytest.raises(StaleState, match="withdrawn already"):
        evidence.withdraw(project_key=project.key, evidence_id=piece.pk, reason="Twice.", actor=people["domain"])
    client.force_login(people["domain"])
    assert client.get(f"/projects/{project.key}/evidence/{piece.pk}/").status_code == 200
    page = client.get(f"/projects/{project.key}/checklist/baseline/").content.decode()
    assert "1 withdrawn" in page and "Wrong year." in page
    assert "study.pdf" not in client.get(f"/projects/{project.key}/checklist/").content.decode()
    actions = AuditEntry.objects.in_project(project.key).values_list("action", flat=True)
    assert {"checklist.evidence_withdrawn", "checklist.reopened"} <= set(actions)


def test_a_newer_piece_takes_the_place_of_an_older_one(people: dict[str, User]) -> None:
    project = intake()
    old = _add(project)
    new = _add(project, PDF + b"2", "study v2.pdf", replaces=old.pk)
    old.refresh_from_db()
    assert (new.replaces, old.withdrawn_because) == (old, "Replaced by “study v2.pdf”.")
    assert [piece.title for piece in Evidence.objects.current()] == ["study v2.pdf"]


def test_answers_that_are_with_the_approvers_get_no_evidence(people: dict[str, User]) -> None:
    project = complete_intake()
    intakes.submit(project_key=project.key, actor=people["domain"])
    with pytest.raises(StaleState, match="with its approvers"):
        _add(project)


def test_evidence_may_not_hold_only_until_yesterday(people: dict[str, User]) -> None:
    with pytest.raises(InvalidInput, match="That day is over"):
        _add(intake(), valid_until=timezone.localdate() - timedelta(days=1))


def test_an_approval_of_the_project_is_evidence_and_shows_how_it_stands_now(
    client: Client, people: dict[str, User]
) -> None:
    from tests.deployments.conftest import approved_project

    project = approved_project()
    asked = project.approvals.get()
    asked_elsewhere = intakes.submit(project_key=complete_intake("Other").key, actor=people["domain"]).approval
    client.force_login(people["domain"])
    address = f"/api/v1/projects/{project.key}/checklist/team/evidence/"
    added = client.post(address, {"kind": "approval", "reference": asked.key}, content_type="application/json")
    assert added.status_code == 201, added.content
    assert added.json()["said"] == f"{asked.key} is approved"
    for reference in (asked_elsewhere.key, "APR-", "APR-99999999999999999999", ""):
        wrong = client.post(address, {"kind": "approval", "reference": reference}, content_type="application/json")
        assert wrong.status_code == 400 and "A reference looks like APR-7" in str(wrong.json()["errors"])
    Evidence.objects.update(said=f"{asked.key} is in review")
    page = client.get(f"/projects/{project.key}/checklist/team/").content.decode()
    assert f"{asked.key} is approved" in page and f"when it was added: {asked.key} is in review" in page


def test_a_data_set_that_the_project_reads_is_evidence(client: Client, people: dict[str, User]) -> None:
    from tests.deployments.conftest import approved_project

    project = approved_project()
    values = {"business_unit": project.business_unit_id, "classification": "internal", "readiness": "ready"}
    values |= {"name": "claims", "location": "s3://data/claims/", "owner": "security", "labelled_share": 85}
    data = datasets.register(values=values, actor=people["lead"])
    client.force_login(people["scientist"])
    address = f"/api/v1/projects/{project.key}/checklist/data/evidence/"
    body = {"kind": "dataset", "reference": data.pk}
    assert client.post(address, body, content_type="application/json").status_code == 400
    wish = accesses.Wish("To train the first classifier.", "platform_read", 30)
    access = data_access.ask(project_key=project.key, dataset_id=data.pk, wish=wish, actor=people["scientist"])
    added = client.post(address, body, content_type="application/json")
    assert added.status_code == 201 and added.json()["said"] == "ready, 85% labelled, access waits for approval"
    decide(ApprovalRequest.objects.get(subject=access.ref), "security")
    page = client.get(f"/projects/{project.key}/checklist/data/").content.decode()
    assert "ready, 85% labelled, access granted" in page and f"/datasets/{data.pk}/" in page


def test_a_file_comes_through_the_api_once_however_often_it_is_sent(
    client: Client, people: dict[str, User], media: Path
) -> None:
    project = intake()
    address = f"/api/v1/projects/{project.key}/checklist/baseline/evidence/"
    headers = bearer(people["domain"], "read", "write") | {"Idempotency-Key": "upload-1"}

    def send(content: bytes) -> Any:
        fields = {"title": "Study", "file": SimpleUploadedFile("study.pdf", content)}
        return client.post(address, fields, headers=headers)

    first, second = send(PDF), send(PDF)
    assert first.status_code == 201, first.content
    assert first.json()["kind"] == "file" and first.json()["file"]["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert second.json() == first.json() and second["Idempotency-Replayed"] == "true"
    assert send(PDF + b"x").status_code == 422
    assert len(_kept(media)) == 1
    listed = client.get(f"/api/v1/projects/{project.key}/evidence/?criterion=baseline", headers=headers).json()
    assert [row["id"] for row in listed["results"]] == [first.json()["id"]]
    gone = client.post(
        f"/api/v1/projects/{project.key}/evidence/{first.json()['id']}/withdraw/",
        {"reason": "Wrong year."}, content_type="application/json", headers=headers,
    )  # fmt: skip
    assert gone.json()["withdrawn_by"] == "domain"
    criterion = client.get(f"/api/v1/projects/{project.key}/checklist/baseline/", headers=headers).json()
    assert criterion["evidence"] == [] and criterion["needs"]["verdict"] == "optional"


def test_a_body_that_is_larger_than_any_file_is_refused_unread(
    client: Client, people: dict[str, User], settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 1024
    project = intake()
    client.force_login(people["domain"])
    address, content = f"projects/{project.key}/checklist/baseline/evidence/", b"x" * 2 * 1024 * 1024
    page = client.post(f"/{address}", {"file": SimpleUploadedFile("study.txt", content)})
    assert page.status_code == 413 and "Nothing was kept" in page.content.decode()
    answer = client.post(f"/api/v1/{address}", {"file": SimpleUploadedFile("study.txt", content)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_file_and_a_link_together_are_two_pieces(client: Client, people: dict[str, User]) -> None:
    project = intake()
    client.force_login(people["domain"])
    fields = {"file": SimpleUploadedFile("study.pdf", PDF), "url": "https://example.org/study", "title": "Study"}
    page = client.post(f"/projects/{project.key}/checklist/baseline/evidence/", fields)
    assert page.status_code == 422 and "Add one piece at a time" in page.content.decode()
    fields = {"file": SimpleUploadedFile("study.pdf", PDF)}
    assert client.post(f"/projects/{project.key}/checklist/baseline/evidence/", fields).status_code == 303
    assert "study.pdf" in client.get(f"/projects/{project.key}/checklist/").content.decode()
