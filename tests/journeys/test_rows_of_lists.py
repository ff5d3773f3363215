"""Rows that are built by hand or by the short way say what their serializers, and so the API's schema, say."""

import json
from typing import Any

import pytest
from django.test import Client
from rest_framework.renderers import JSONRenderer

from coe_portal.core.models import User
from deployments.api.outputs import RunSerializer
from deployments.api.representations import RUN_COLUMNS, run_data
from deployments.models import Run
from governance.api.serializers import ApprovalSerializer
from governance.models import ApprovalRequest
from projects.api.serializers import ProjectListSerializer
from projects.models import Project
from tests import factories

pytestmark = pytest.mark.django_db


def _as_sent(data: Any) -> Any:
    return json.loads(JSONRenderer().render(data))


def _listed(name: str, reader: User) -> Any:
    client = Client()
    client.force_login(reader)
    return client.get(f"/api/v1/{name}/").json()["results"]


def test_projects_in_a_list_are_what_the_serializer_says(things: dict[str, Any], people: dict[str, User]) -> None:
    factories.intake("Without a sponsor", sponsor="")
    expected = _as_sent(ProjectListSerializer(Project.objects.order_by("-id"), many=True).data)
    assert {row["sponsor"] for row in expected} > {""} and _listed("projects", people["lead"]) == expected


def test_approvals_in_a_list_are_what_the_serializer_says(things: dict[str, Any], people: dict[str, User]) -> None:
    expected = _as_sent(ApprovalSerializer(ApprovalRequest.objects.for_list(), many=True).data)
    decided = next(row for row in expected if row["id"] == things["approval"])
    assert decided["decisions"] and decided["steps"][0]["approvers"]
    assert _listed("approvals", people["lead"]) == expected


def test_runs_in_a_list_are_what_the_serializer_says(things: dict[str, Any], people: dict[str, User]) -> None:
    rows = [run_data(row) for row in Run.objects.order_by("-id").values(*RUN_COLUMNS)]
    assert _as_sent(RunSerializer(rows, many=True).data) == _as_sent(rows) == _listed("runs", people["lead"])
