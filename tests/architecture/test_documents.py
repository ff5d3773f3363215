"""Generated documents are what the code says now."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_the_api_snapshot_is_up_to_date() -> None:
    now = io.StringIO()
    call_command("spectacular", "--validate", stdout=now)
    kept = (ROOT / "docs" / "api.yaml").read_text()
    assert now.getvalue().strip() == kept.strip(), "run: ./portal spectacular --file docs/api.yaml"


def test_the_lifecycle_tables_are_up_to_date_and_old_ones_are_found(tmp_path: Path, settings: Any) -> None:
    kept = (ROOT / "docs" / "lifecycles.md").read_text()
    settings.BASE_DIR = tmp_path
    call_command("lifecycles", stdout=io.StringIO())
    written = tmp_path / "docs" / "lifecycles.md"
    assert written.read_text() == kept, "run: ./portal lifecycles"
    written.write_text(kept.replace("draft", "sketch"))
    with pytest.raises(CommandError, match="not up to date"):
        call_command("lifecycles", "--check")


def test_the_published_schema_of_policies_is_up_to_date() -> None:
    now = io.StringIO()
    call_command("policy_schema", stdout=now)
    kept = (ROOT / "docs" / "policy-schema.json").read_text()
    assert now.getvalue() == kept, "run: ./portal policy_schema --file docs/policy-schema.json"
