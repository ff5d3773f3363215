"""The parts of the benchmarks that compute: what a figure says must follow from what was measured."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coe_portal.launcher import commands
from coe_portal.launcher.trouble import Trouble
from tests.bench import submit, watch
from tests.bench.harness.figures import Figure, percentile, publish
from tests.launcher.conftest import ROOT


def test_a_percentile_is_the_nearest_rank() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [percentile(values, share) for share in (0, 0.2, 0.5, 0.95, 1)] == [1, 1, 3, 5, 5]
    assert percentile(list(range(1, 101)), 0.95) == 95


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.5), ([1.0], -0.1)])
def test_a_percentile_of_nothing_or_beyond_everything_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match=r"percentile of nothing|not a share"):
        percentile(values, share)


@pytest.mark.parametrize(
    ("value", "line"),
    [(0, "lost 0 runs"), (3.0, "lost 3 runs"), (0.123456, "lost 0.1235 runs"), (1234.56, "lost 1235 runs")],
)
def test_a_figure_is_one_line_of_name_value_and_unit(value: float, line: str) -> None:
    assert str(Figure("lost", value, "runs")) == line


def test_figures_are_printed_and_written_to_the_folder_of_the_portal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    path = publish("watch", [Figure("calls_per_run", 1.02, "calls")], options={"runs": 200})
    written = json.loads(path.read_text())
    assert path == tmp_path / "bench" / "watch.json"
    assert capsys.readouterr().out == "calls_per_run 1.02 calls\n"
    assert written["calls_per_run"] == 1.02
    assert (written["about"]["units"], written["about"]["options"]) == ({"calls_per_run": "calls"}, {"runs": 200})


Parse = Callable[[list[str]], object]


@pytest.mark.parametrize(
    ("parse", "arguments", "told"),
    [
        (watch.parse, ["--runs", "0"], "not a whole number from 1 on"),
        (watch.parse, ["--runs", "many"], "not a whole number from 1 on"),
        (watch.parse, ["--limits", "strict"], "invalid choice"),
        (watch.parse, ["--seconds", "-3"], "not between 0 and 86400 seconds"),
        (watch.parse, ["--run", "5"], "unrecognized arguments"),
        (submit.parse, ["--launches", "1.5"], "not a whole number from 1 on"),
        (submit.parse, ["--rate", "fast"], "not a number"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(
    parse: Parse, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)
    assert told in capsys.readouterr().err


def test_all_runs_go_on_at_once_whatever_the_limits_and_their_number() -> None:
    assert watch.parse(["--runs", "200"]).seconds == 30
    assert watch.parse(["--runs", "200", "--limits", "aws_like"]).seconds == 120
    assert watch.parse(["--runs", "200", "--seconds", "5"]).seconds == 5


def test_a_run_has_ended_when_the_page_reaches_past_it_and_does_not_show_it() -> None:
    assert watch.ended({"a", "b", "d"}, ["b", "c"], is_last=False) == {"a"}
    assert watch.ended({"a", "b", "d"}, ["b", "c"], is_last=True) == {"a", "d"}
    assert watch.ended({"a"}, [], is_last=True) == {"a"}


def _job(run_id: str) -> dict[str, object]:
    return {"Tags": [{"Key": "portal", "Value": "coe"}, {"Key": "portal-run", "Value": run_id}]}


@pytest.mark.parametrize(
    ("jobs", "found"),
    [(["a", "b"], (0, 0)), (["a"], (0, 1)), (["a", "b", "b"], (1, 0)), (["a", "b", "stranger"], (1, 0))],
)
def test_jobs_that_are_too_many_are_doubled_and_runs_without_one_are_lost(
    jobs: list[str], found: tuple[int, int]
) -> None:
    assert submit.reckon([{"id": "a"}, {"id": "b"}], [_job(run_id) for run_id in jobs]) == found


@pytest.mark.parametrize(
    ("order", "share"), [("abc" * 20 + "aaa", 57 / 59), ("aaab" * 3 + "aaa", 0.5), ("aaaabbbb", 0.0), ("", 1.0)]
)
def test_fairness_compares_while_everybody_waits(order: str, share: float) -> None:
    assert submit.fairness(list(order)) == pytest.approx(share)


def test_in_the_burst_one_project_comes_first_with_half_of_all() -> None:
    order = submit.burst_order(100)
    assert order[:50] == [0] * 50
    assert {project: order.count(project) for project in set(order[50:])} == {1: 13, 2: 13, 3: 12, 4: 12}


def test_the_steady_stream_has_the_rate_that_it_is_said_to_have() -> None:
    moments = submit.steady_times(10, 100, random.Random(1))  # noqa: S311  no secret
    assert moments == sorted(moments)
    assert 900 < len(moments) < 1100


def test_an_unknown_benchmark_is_told_which_there_are() -> None:
    with pytest.raises(Trouble, match=r"Name a benchmark: .*submit.*watch"):
        commands.bench(["speed"])


def test_the_plain_view_set_that_lists_are_compared_with_can_be_asked() -> None:
    asked = "import coe_portal.wsgi; from django.test import Client; print(Client().get('/projects/').status_code)"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.listing.plain_settings", "ALLOWED_HOSTS": "testserver"}
    answer = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=env, capture_output=True, text=True)
    assert answer.stdout.strip() == "401", answer.stderr
