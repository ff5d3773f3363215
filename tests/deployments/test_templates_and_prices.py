"""Publishing golden paths and loading the price table."""

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction

from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import AuditEntry
from deployments.models import Price, TemplateVersion
from deployments.services import prices, templates

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(templates.FOLDER, tmp_path / "training"))


def test_the_shipped_templates_are_published_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_templates")
    call_command("load_templates")
    assert "Published tabular-classifier v1." in capsys.readouterr().out
    assert [str(version) for version in TemplateVersion.objects.for_list()] == [
        "tabular-classifier v1",
        "tabular-regressor v1",
    ]
    assert AuditEntry.objects.filter(action="template.published").count() == 2


def test_changed_code_is_a_new_version_and_the_old_one_stays(folder: Path) -> None:
    templates.load_folder(folder)
    script = folder / "tabular-classifier" / "code" / "train.py"
    script.write_text(script.read_text() + "\n# changed\n")
    assert [str(version) for version in templates.load_folder(folder)] == ["tabular-classifier v2"]
    first, second = TemplateVersion.objects.filter(template__name="tabular-classifier").order_by("version")
    assert bytes(first.package) != bytes(second.package)
    assert templates.find("tabular-classifier") == second
    assert templates.find("tabular-classifier", 1) == first
    assert set(TemplateVersion.objects.current().values_list("version", flat=True)) == {1, 2}


def test_shared_code_belongs_to_the_version(folder: Path) -> None:
    templates.load_folder(folder)
    shared = folder / "shared" / "contract.py"
    shared.write_text(shared.read_text() + "\n# changed\n")
    assert len(templates.load_folder(folder)) == 2


def test_the_package_is_the_same_bytes_for_the_same_files() -> None:
    files = {"b.py": b"2", "a.py": b"1"}
    assert templates.pack(files) == templates.pack(dict(reversed(files.items())))


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_a_published_version_cannot_be_changed_by_anybody(operation: str) -> None:
    templates.load_folder()
    rows = TemplateVersion.objects.filter(version=1)
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        rows.update(title="Changed") if operation == "update" else rows.delete()


def test_an_unusable_template_is_refused_with_the_keys(folder: Path) -> None:
    description = folder / "tabular-classifier" / "template.yaml"
    text = description.read_text().replace("entry_point: train.py", "entry_point: main.py")
    description.write_text(text.replace("objective_metric: validation:accuracy", "objective_metric: speed"))
    with pytest.raises(InvalidInput) as refused:
        templates.load_folder(folder)
    assert set(refused.value.errors) == {"entry_point", "objective_metric"}


def test_loading_the_price_table_twice_adds_nothing() -> None:
    assert prices.load_table() > 40
    assert prices.load_table() == 0
    price = prices.current_price("eu-west-1", "ml.m5.xlarge")
    assert price is not None
    assert (price.per_hour, price.dated_on) == (Decimal("0.257"), date(2023, 12, 31))
    assert prices.current_price("eu-west-1", "ml.c5.xlarge") is None


def test_the_newest_and_most_special_price_holds_and_a_future_one_does_not_yet(tmp_path: Path) -> None:
    def table(dated_on: str, price: str, component: str = "any") -> dict[str, object]:
        row = {"region": "eu-west-1", "currency": "USD", "source": "test", "component": component}
        return row | {"dated_on": dated_on, "per_hour": {"ml.x": price}}

    path = tmp_path / "table.json"
    rows = [
        table("2024-01-01", "1"),
        table("2025-01-01", "2"),
        table("2024-01-01", "3", "hosting"),
        table("2999-01-01", "9"),
    ]
    path.write_text(json.dumps({"tables": rows}))
    prices.load_table(path)
    training, hosting = prices.current_price("eu-west-1", "ml.x"), prices.current_price("eu-west-1", "ml.x", "hosting")
    assert training and training.per_hour == 2
    assert hosting and hosting.per_hour == 3
    assert prices.current_prices("eu-west-1")["ml.x"].per_hour == 2


def test_a_file_that_is_no_price_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text("{}")
    with pytest.raises(CommandError, match="is no price table"):
        call_command("load_prices", str(path))
    assert not Price.objects.exists()
