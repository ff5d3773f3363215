"""The golden paths really train, under SageMaker's training contract, on real data."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest
import yaml
from sklearn.datasets import load_breast_cancer

from deployments.services import templates

NAMES = ["tabular-classifier", "tabular-regressor"]


class Job:
    """A training job's folder, laid out as in a SageMaker container."""

    def __init__(self, base: Path, name: str) -> None:
        self.base, self.folder = base, templates.FOLDER / name
        self.description = yaml.safe_load((self.folder / "template.yaml").read_text())
        package = templates.pack(templates._code(self.folder, self.description))
        with tarfile.open(fileobj=io.BytesIO(package)) as archive:
            archive.extractall(base / "code", filter="data")
        self.env = {
            "PATH": os.environ["PATH"],
            "SM_MODEL_DIR": str(base / "model"),
            "SM_OUTPUT_DATA_DIR": str(base / "output" / "data"),
            "SM_OUTPUT_DIR": str(base / "output"),
        }

    def channel(self, header: list[str], rows: list[list[object]]) -> None:
        folder = self.base / "input" / "data" / "train"
        folder.mkdir(parents=True)
        with (folder / "part-1.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        self.env["SM_CHANNEL_TRAIN"] = str(folder)

    def start(self, **hyperparameters: object) -> "subprocess.Popen[str]":
        flags = [text for name, value in sorted(hyperparameters.items()) for text in (f"--{name}", str(value))]
        command = [sys.executable, self.description["entry_point"], *flags]
        return subprocess.Popen(
            command, cwd=self.base / "code", env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def run(self, **hyperparameters: object) -> tuple[int, str]:
        process = self.start(**hyperparameters)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def series(self, log: str) -> dict[str, list[float]]:
        """What SageMaker's metric definitions pick out of the log."""
        return {
            metric["name"]: [float(value) for value in re.findall(metric["regex"], log)]
            for metric in self.description["metric_definitions"]
        }


@pytest.fixture(params=NAMES)
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Job]:
    yield Job(tmp_path, request.param)


def test_a_run_with_the_shipped_data_saves_a_model_that_beats_guessing_and_logs_every_curve(job: Job) -> None:
    defaults = {
        name: spec["default"] for name, spec in job.description["parameters"]["properties"].items() if "default" in spec
    }
    code, log = job.run(**defaults)
    assert code == 0, log
    assert joblib.load(job.base / "model" / "model.joblib").n_estimators == defaults["rounds"]
    final = json.loads((job.base / "output" / "data" / "metrics.json").read_text())
    assert final.get("validation_accuracy", 0) > 0.93 or final.get("validation_r2", 0) > 0.4
    series = job.series(log)
    assert set(series) == {metric["name"] for metric in job.description["metric_definitions"]}
    assert {len(values) for values in series.values()} == {defaults["rounds"]}
    falling = next(values for name, values in series.items() if name.startswith("train:"))
    assert falling[-1] < falling[0]


def test_the_same_seed_gives_the_same_numbers(job: Job) -> None:
    assert job.run(rounds=3, seed=5)[1] == job.run(rounds=3, seed=5)[1]


def test_sigterm_saves_what_was_learnt_so_far(job: Job) -> None:
    process = job.start(rounds=2000)
    assert process.stdout is not None
    while "step 3/" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert 3 <= joblib.load(job.base / "model" / "model.joblib").n_estimators < 2000


def test_a_column_that_does_not_exist_is_written_where_sagemaker_looks_for_the_reason(job: Job) -> None:
    job.channel(["age", "answer"], [[1, 0], [2, 1]])
    code, _ = job.run(target_column="outcome")
    assert code == 1
    assert (job.base / "output" / "failure").read_text() == (
        "ValueError: The data has no column named 'outcome'. Its columns are: age, answer."
    )


def test_the_train_channel_replaces_the_shipped_data(tmp_path: Path) -> None:
    job = Job(tmp_path, "tabular-classifier")
    data = load_breast_cancer()
    rows = [["x", *row[:4], "yes" if answer else "no"] for row, answer in zip(data.data, data.target, strict=True)]
    job.channel(["clinic", "radius", "texture", "perimeter", "area", "benign"], rows)
    code, log = job.run(rounds=5, target_column="benign")
    assert code == 0, log
    metadata = json.loads((tmp_path / "model" / "metadata.json").read_text())
    assert metadata["columns"] == ["radius", "texture", "perimeter", "area"]
    assert metadata["classes"] == ["no", "yes"]
    assert "data: 569 rows, 4 columns, training channel" in log


def test_three_classes_are_refused_with_a_reason(tmp_path: Path) -> None:
    job = Job(tmp_path, "tabular-classifier")
    job.channel(["x", "target"], [[number, number % 3] for number in range(30)])
    assert job.run()[0] == 1
    assert "exactly two classes; it has 3" in (tmp_path / "output" / "failure").read_text()
