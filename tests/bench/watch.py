"""Watching runs: calls that AWS gets, and how soon people see the end of a run, with events and without any.

All runs go on at once for a while. Their end is AWS's TrainingEndTime; seen is the answer to the first poll of the
REST API in which the run is no longer among the open ones, so the interval of polling counts against the portal.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

from coe_portal.env import Env
from tests.bench.harness import options, portal
from tests.bench.harness.client import Api
from tests.bench.harness.figures import Figure, percentile, publish

CLIENTS, PROJECTS = 4, 5
POLL_SECONDS = 0.1
RATES = ("CREATE", "DESCRIBE", "SEARCH", "LIST", "STOP")
OPEN = "&".join(
    f"state={state}"
    for state in ("queued", "submitting", "waiting_capacity", "starting", "running", "stopping", "unknown")
)
LAUNCHES_A_SECOND = 20.0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options; how long a job lasts follows from the number of runs unless it is given."""
    known = options.parser("watch", "Watch runs from launch to bill, first with events and then without any.")
    known.add_argument("--runs", type=options.count, default=200, help="runs in each of the two phases (200)")
    known.add_argument("--limits", choices=["none", "aws_like"], default="none", help="AWS's limits, and ours (none)")
    known.add_argument("--seconds", type=options.seconds, help="how long a job lasts (all run at once for a while)")
    read = known.parse_args(arguments)
    rate = default_rates()["AWS_CREATE_RATE"] if read.limits == "aws_like" else LAUNCHES_A_SECOND
    read.seconds = read.seconds or round(read.runs / rate + 20)
    return read


def default_rates() -> dict[str, float]:
    """The rates of production, as ``coe_portal.env`` has them."""
    return {item.name: float(item.default) for item in fields(Env) if item.name in {f"AWS_{r}_RATE" for r in RATES}}


@dataclass
class Phase:
    """What one round of runs came to. Times are seconds from AWS's end to the answer that shows it."""

    calls: int
    throttled: int
    delays: list[float]
    not_succeeded: int


class Watcher:
    """Polls the oldest open runs and notes when each launched run is no longer among them."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.launched: set[str] = set()
        self.seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, run_id: str) -> None:
        with self._lock:
            self.launched.add(run_id)

    def poll(self) -> None:
        with self._lock:
            pending = self.launched - self.seen.keys()
        page = self.api.get(f"/api/v1/runs/?{OPEN}&ordering=id&page_size=100").body
        now = time.time()
        for run_id in ended(pending, [row["id"] for row in page["results"]], is_last=page["next"] is None):
            self.seen[run_id] = now

    def until_all(self, wanted: int, patience: float) -> None:
        end = time.monotonic() + patience
        while len(self.seen) < wanted:
            if time.monotonic() > end:
                raise SystemExit(f"Only {len(self.seen)} of {wanted} runs ended within {patience:.0f} s.")
            self.poll()
            time.sleep(POLL_SECONDS)


def ended(pending: set[str], still_open: list[str], *, is_last: bool) -> set[str]:
    """Which pending runs are not on a page of open runs that is sorted by id, oldest first."""
    reach = {run_id for run_id in pending if is_last or run_id <= still_open[-1]}
    return reach - set(still_open)


def launch_all(here: portal.Portal, group: Any, watcher: Watcher, runs: int) -> None:
    """Launch from several clients in several projects."""
    rounds = [range(first, runs, CLIENTS) for first in range(CLIENTS)]

    def work(client: int) -> None:
        api = Api(here.url, group.tokens[client])
        for number in rounds[client]:
            answer = api.post(
                "/api/v1/runs/",
                {
                    "project": group.projects[number % PROJECTS],
                    "environment": "local",
                    "template": "tabular-classifier",
                    "parameters": {"seed": number},
                },
            )
            if answer.status != 201:
                raise SystemExit(f"A launch was refused: {answer.body}")
            watcher.add(answer.body["id"])

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))


def watch(here: portal.Portal, group: Any, read: argparse.Namespace) -> Phase:
    """One round: launch, watch to the end, wait for the bills, and only then ask AWS what happened."""
    here.aws.counts(reset=True)
    watcher = Watcher(Api(here.url, group.tokens[-1]))
    launching = threading.Thread(target=launch_all, args=(here, group, watcher, read.runs))
    launching.start()
    watcher.until_all(read.runs, patience=read.seconds * 2 + 300)
    launching.join()
    portal.say("all have ended; waiting for the bills")
    rows = settled(watcher, patience=180)
    calls, throttled = here.aws.counts()
    ends = ends_on_aws(here, read.limits)
    delays = [watcher.seen[row["id"]] - ends[row["aws_name"]] for row in rows]
    portal.say(f"calls: {calls} throttled: {throttled}")
    failed = sum(row["state"] != "succeeded" for row in rows)
    return Phase(sum(calls.values()), sum(throttled.values()), delays, failed)


def settled(watcher: Watcher, patience: float) -> list[dict[str, Any]]:
    """The rows of all launched runs once every one has its cost."""
    end = time.monotonic() + patience
    while True:
        rows = [row for row in watcher.api.every("/api/v1/runs/?page_size=200") if row["id"] in watcher.launched]
        if all(row["cost"] is not None for row in rows):
            return rows
        if time.monotonic() > end:
            raise SystemExit(f"{sum(row['cost'] is None for row in rows)} runs have no bill after {patience:.0f} s.")
        time.sleep(2)


def ends_on_aws(here: portal.Portal, limits: str) -> dict[str, float]:
    """When each job ended, in epoch seconds, as AWS says."""
    here.aws.control(limits="")
    jobs = dict(_jobs(here.aws.client("sagemaker")))
    here.aws.control(limits="" if limits == "none" else limits)
    return jobs


def _jobs(sagemaker: Any) -> Iterator[tuple[str, float]]:
    for page in sagemaker.get_paginator("list_training_jobs").paginate(PaginationConfig={"PageSize": 100}):
        for job in page["TrainingJobSummaries"]:
            yield job["TrainingJobName"], job["TrainingEndTime"].timestamp()


def main(arguments: Sequence[str]) -> int:
    read = parse(arguments)
    limited = read.limits == "aws_like"
    aws = ["--simulate", str(read.seconds), *(["--limits", "aws_like"] if limited else [])]
    rates = {name: str(rate) for name, rate in default_rates().items()} if limited else {}
    with portal.running(local_aws=aws, env=rates) as here:
        from tests.bench.harness import organisation

        group = organisation.arrange(projects=PROJECTS, clients=CLIENTS + 1)
        portal.say(f"{read.runs} runs of {read.seconds:g} s with events")
        heard = watch(here, group, read)
        memory = here.peak_mb("consumer")
        portal.say("the same with all events lost")
        here.aws.control(drop_event_rate=1)
        deaf = watch(here, group, read)
    publish("watch", figures(heard, deaf, read.runs, memory), options=vars(read))
    return 0


def figures(heard: Phase, deaf: Phase, runs: int, memory: float) -> list[Figure]:
    calls = heard.calls + deaf.calls
    return [
        Figure("calls_per_run", heard.calls / runs, "calls"),
        Figure("visible_p50_s", percentile(heard.delays, 0.5), "s"),
        Figure("visible_p95_s", percentile(heard.delays, 0.95), "s"),
        Figure("visible_max_s", max(heard.delays), "s"),
        Figure("lost_events_p95_s", percentile(deaf.delays, 0.95), "s"),
        Figure("lost_events_calls_per_run", deaf.calls / runs, "calls"),
        Figure("throttled_share", (heard.throttled + deaf.throttled) / calls, "share"),
        Figure("not_succeeded", heard.not_succeeded + deaf.not_succeeded, "runs"),
        Figure("consumer_rss_mb", memory, "MB"),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
