"""Logs and metric curves, fetched while somebody looks at a run and once for the excerpt of a failure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from deployments import failures
from deployments.aws.errors import AwsError, ErrorKind
from deployments.aws.gateway import Logs
from deployments.models import Run, RunOutput, RunState
from deployments.reconcile import recording
from deployments.reconcile.accounts import account_of

log = structlog.get_logger(__name__)
GROUP = "/aws/sagemaker/TrainingJobs"
MOST_RUNS, MOST_PAGES, MOST_POINTS = 50, 20, 500
EVERY, AFTER_TROUBLE = timedelta(seconds=2), timedelta(seconds=10)
# CloudWatch shows the last lines some seconds after the job has ended.
SETTLED = timedelta(seconds=5)
GIVE_UP = timedelta(minutes=2)


def fetch_wanted() -> int:
    """Fetch news of every run that somebody looks at. Returns how many were fetched."""
    wanted = RunOutput.objects.wanted().filter(_stale(), log_complete=False).exclude(run__arn="")
    run_ids = list(wanted.order_by("fetched_at").values_list("pk", flat=True)[:MOST_RUNS])
    return sum(_fetch(run_id) for run_id in run_ids)


def _stale() -> Q:
    """Not looked at for a while; what AWS refused is tried more slowly."""
    now = timezone.now()
    well = Q(trouble="", fetched_at__lt=now - EVERY)
    return Q(fetched_at=None) | well | Q(fetched_at__lt=now - AFTER_TROUBLE)


def _fetch(run_id: str) -> bool:
    claimed = _claim(run_id)
    if claimed is None:
        return False
    output, run = claimed
    final_since = run.ended_at if run.is_final else None
    tokens: dict[str, str] = json.loads(output.log_token or "{}")
    try:
        lines, at_end = _new_lines(account_of(run.environment).logs, run.aws_name, tokens)
    except AwsError as error:
        gone = error.kind is ErrorKind.NOT_FOUND and final_since and final_since < timezone.now() - GIVE_UP
        log.warning("log_not_fetched", run=run_id, kind=error.kind, message=error.message)
        _write(run, [], tokens, complete=bool(gone), trouble=trouble_of(error, run.environment.name))
        return False
    _write(run, lines, tokens, complete=at_end and not lines and _has_settled(final_since, bool(tokens)), trouble="")
    return True


def trouble_of(error: AwsError, environment: str) -> str:
    """Why there is no news, and who mends it; empty where there is just no log yet."""
    if error.kind is ErrorKind.NOT_FOUND:
        return ""
    told = error.told.rstrip(".")
    if error.kind is ErrorKind.DENIED:
        return (
            f"CloudWatch Logs refused to show the log: {told}. Whoever looks after the environment {environment} "
            f"has to let its role call logs:DescribeLogStreams and logs:GetLogEvents on {GROUP}."
        )
    return f"The log could not be fetched: {told}. Workers try again."


def _has_settled(final_since: datetime | None, has_streams: bool) -> bool:
    patience = SETTLED if has_streams else GIVE_UP
    return final_since is not None and final_since < timezone.now() - patience


@transaction.atomic
def _claim(run_id: str) -> tuple[RunOutput, Run] | None:
    rows = RunOutput.objects.filter(_stale(), pk=run_id, log_complete=False).select_for_update(skip_locked=True)
    output = rows.defer("log", "metric_series").first()
    if output is None:
        return None
    RunOutput.objects.filter(pk=run_id).update(fetched_at=timezone.now())
    return output, Run.objects.select_related("environment").get(pk=run_id)


def _new_lines(logs: Logs, job: str, tokens: dict[str, str]) -> tuple[list[str], bool]:
    """Lines that came since the last time, and whether all streams were read to their end.

    ``tokens`` (stream → place) is moved on. A stream has ended when its token repeats; a page may be empty before.
    """
    lines: list[str] = []
    at_end = True
    for stream in logs.streams(GROUP, f"{job}/"):
        for _ in range(MOST_PAGES):
            page = logs.read(GROUP, stream, tokens.get(stream, ""))
            lines += page.lines
            ended = page.token == tokens.get(stream, "")
            tokens[stream] = page.token
            if ended:
                break
        at_end = at_end and ended
    return lines, at_end


@transaction.atomic
def _write(run: Run, lines: Sequence[str], tokens: Mapping[str, str], *, complete: bool, trouble: str) -> None:
    output = RunOutput.objects.select_for_update().get(pk=run.pk)
    clean = [line.rstrip("\n").replace("\x00", "") for line in lines]
    output.log = (output.log + "".join(f"{line}\n" for line in clean))[-RunOutput.LOG_LIMIT :]
    output.log_token, output.log_complete = json.dumps(tokens), complete
    definitions = Run.objects.values_list("template_version__metric_definitions", flat=True).get(pk=run.pk)
    output.metric_series = extended(output.metric_series, definitions, clean)
    output.fetched_at, output.trouble = timezone.now(), trouble
    output.save(update_fields=["log", "log_token", "log_complete", "metric_series", "fetched_at", "trouble"])
    if clean:
        _excerpt(run.pk, output.log)


def _excerpt(run_id: str, text: str) -> None:
    """Put the end of the log beside the reason of a failure."""
    for run in recording.lock(pk=run_id, state=RunState.FAILED):
        if run.failure:
            explained = failures.with_log(run.failure, text)
            Run.objects.filter(pk=run.pk).update(failure=explained, version=run.version + 1)


def extended(
    series: Mapping[str, list[list[float]]], definitions: Iterable[Mapping[str, Any]], lines: Sequence[str]
) -> dict[str, list[list[float]]]:
    """Metric curves with the values in new lines: ``{name: [[step, value], …]}``, at most 500 points each.

    As SageMaker does: the first group of the metric's regular expression is the value. Too long a curve loses every
    second point, so its shape stays.
    """
    grown = {name: list(points) for name, points in series.items()}
    for definition in definitions:
        pattern = re.compile(definition["regex"])
        points = grown.get(definition["name"], [])
        for value in _values(pattern, lines):
            points.append([(points[-1][0] if points else 0) + 1, value])
        while len(points) > MOST_POINTS:
            points = points[::2]
        if points:
            grown[definition["name"]] = points
    return grown


def _values(pattern: re.Pattern[str], lines: Sequence[str]) -> Iterable[float]:
    for line in lines:
        for found in pattern.finditer(line):
            try:
                value = float(found.group(1))
            except (ValueError, IndexError):
                continue
            if value - value == 0:  # neither infinite nor not-a-number, which JSON cannot hold
                yield value
