"""Launching runs: how fast a launch answers, how soon AWS has the job, and whether every run gets exactly one.

Three things one after the other: a steady stream below AWS's rate, a burst far above it in which one project asks for
half of everything, and a reckoning with what AWS has. A launch is a POST to the REST API; committed is the run's own
``created_at``, which lies before the commit; created is AWS's CreationTime. Every twentieth launch is sent twice with
the same Idempotency-Key, as an impatient client does.
"""

import argparse
import random
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.bench.harness import options, portal
from tests.bench.harness.client import Answer, Api
from tests.bench.harness.figures import Figure, percentile, publish

CLIENTS, PROJECTS = 10, 5
STEADY_SECONDS = 30.0
TWICE_EVERY = 20


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    known = options.parser("submit", "Launch runs: a steady stream, then a burst; compare with what AWS has.")
    known.add_argument("--launches", type=options.count, default=1000, help="launches of the burst (1000)")
    known.add_argument("--within", type=options.seconds, default=10.0, help="seconds in which they are sent (10)")
    known.add_argument("--rate", type=options.seconds, default=20.0, help="configured creates a second (20)")
    return known.parse_args(arguments)


@dataclass
class Launches:
    """What came of launching: the rows as answered, and how long each answer took, in seconds."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    took: float = 0.0


def burst_order(launches: int) -> list[int]:
    """Project of each launch: the first project asks for half of all and comes first, the others share the rest."""
    big = launches // 2
    return [0] * big + [1 + number % (PROJECTS - 1) for number in range(launches - big)]


def steady_times(rate: float, duration: float, chance: random.Random) -> list[float]:
    """Moments of a Poisson stream in seconds from its start; people and scripts do not come in step."""
    moments, at = [], chance.expovariate(rate)
    while at < duration:
        moments.append(at)
        at += chance.expovariate(rate)
    return moments


def launch(here: portal.Portal, group: Any, plan: Sequence[tuple[float, int]]) -> Launches:
    """Send launches, each at its moment (seconds from now) for its project, from all clients."""
    done, started = Launches(), time.perf_counter()
    apis = [Api(here.url, token) for token in group.tokens]

    def work(client: int) -> None:
        for number in range(client, len(plan), CLIENTS):
            moment, project = plan[number]
            time.sleep(max(0.0, started + moment - time.perf_counter()))
            send = _sender(apis[client], group.projects[project], number)
            answers = [send() for _ in range(2 if number % TWICE_EVERY == 0 else 1)]
            done.seconds += [answer.seconds for answer in answers]
            done.rows.append(_accepted(answers))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    done.took = time.perf_counter() - started
    return done


def _sender(api: Api, project: str, number: int) -> Callable[[], Answer]:
    body: dict[str, Any] = {
        "project": project,
        "environment": "local",
        "template": "tabular-classifier",
        "parameters": {"seed": number},
    }
    key = str(uuid.uuid4())
    return lambda: api.post("/api/v1/runs/", body, **{"Idempotency-Key": key})


def _accepted(answers: Sequence[Answer]) -> dict[str, Any]:
    """The row of a launch. Raises SystemExit when one was refused or the second sending made another run."""
    if any(answer.status != 201 for answer in answers) or len({answer.body["id"] for answer in answers}) > 1:
        raise SystemExit(f"A launch went wrong: {[(answer.status, answer.body) for answer in answers]}")
    row: dict[str, Any] = answers[0].body
    return row


def jobs_on_aws(here: portal.Portal) -> list[dict[str, Any]]:
    """Every job that AWS has, as Search shows it."""
    sagemaker, jobs, more = here.aws.client("sagemaker"), [], {}
    while True:
        answer = sagemaker.search(Resource="TrainingJob", MaxResults=100, SortBy="CreationTime", **more)
        jobs += [item["TrainingJob"] for item in answer["Results"]]
        if "NextToken" not in answer:
            return jobs
        more = {"NextToken": answer["NextToken"]}


def wait_for_jobs(here: portal.Portal, wanted: int, patience: float) -> None:
    """Wait until AWS accepted so many create calls, or none came for a while."""
    end = time.monotonic() + patience
    while here.aws.counts()[0].get("CreateTrainingJob", 0) < wanted:
        if time.monotonic() > end:
            portal.say("AWS did not get all jobs in time; the rest counts as lost")
            return
        time.sleep(0.5)
    time.sleep(3)  # a second job for the same run would come now


def reckon(rows: Sequence[dict[str, Any]], jobs: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """How many jobs are more than one a run (or nobody's), and how many runs have none."""
    of_run = Counter({tag["Key"]: tag["Value"] for tag in job["Tags"]}.get("portal-run") for job in jobs)
    wanted = {row["id"] for row in rows}
    doubled = sum(count - (run_id in wanted) for run_id, count in of_run.items())
    return doubled, len(wanted - of_run.keys())


def created(rows: Sequence[dict[str, Any]], jobs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Run id → AWS's CreationTime in epoch seconds."""
    at = {job["TrainingJobName"]: job["CreationTime"].timestamp() for job in jobs}
    return {row["id"]: at[row["aws_name"]] for row in rows if row["aws_name"] in at}


def fairness(projects_in_order: Sequence[str]) -> float:
    """How near the least served project came to its equal share while all of them waited; 1 is equal, 0 is nothing.

    ``projects_in_order`` are the projects of the creates from a moment on at which everything had been asked for.
    """
    if not projects_in_order:
        return 1.0  # nobody had to wait
    left, served = Counter(projects_in_order), Counter[str]()
    for project in projects_in_order:
        served[project] += 1
        if served[project] == left[project]:
            break
    return min(served[project] for project in left) * len(left) / served.total()


def _cpu(here: portal.Portal) -> dict[str, float]:
    return {name: here.cpu_seconds(name) for name in here.children}


def main(arguments: Sequence[str]) -> int:
    read = parse(arguments)
    with portal.running(local_aws=["--simulate", "600"], env={"AWS_CREATE_RATE": str(read.rate)}) as here:
        from tests.bench.harness import organisation

        group = organisation.arrange(projects=PROJECTS, clients=CLIENTS)
        launch(
            here, group, [(0.0, number % PROJECTS) for number in range(CLIENTS * 2)]
        )  # every process has worked once
        portal.say("a steady stream")
        moments = steady_times(min(read.rate / 2, 10.0), STEADY_SECONDS, random.Random(7))  # noqa: S311  no secret
        steady = launch(here, group, [(moment, number % PROJECTS) for number, moment in enumerate(moments)])
        portal.say(f"a burst of {read.launches} launches")
        order, spent = burst_order(read.launches), _cpu(here)
        burst = launch(here, group, [(n * read.within / read.launches, project) for n, project in enumerate(order)])
        rows = Api(here.url, group.tokens[0]).every("/api/v1/runs/?page_size=200")
        portal.say(f"sent within {burst.took:.1f} s; AWS gets them at {read.rate:g} a second")
        wait_for_jobs(here, len(rows), patience=read.launches / read.rate * 2 + 60)
        made = figures(rows, jobs_on_aws(here), steady, burst)
        portal.say(f"CPU: { {n: round(v - spent[n], 1) for n, v in _cpu(here).items()} }")
    publish("submit", made, options=vars(read))
    return 0


def figures(
    rows: Sequence[dict[str, Any]], jobs: Sequence[dict[str, Any]], steady: Launches, burst: Launches
) -> list[Figure]:
    at = created(rows, jobs)
    committed = {row["id"]: _epoch(row["created_at"]) for row in rows}
    waits = [at[row["id"]] - committed[row["id"]] for row in steady.rows if row["id"] in at]
    arrived = sorted((at[row["id"]], row["project"]) for row in burst.rows if row["id"] in at)
    all_asked = max(committed[row["id"]] for row in burst.rows)
    doubled, lost = reckon(rows, jobs)
    return [
        Figure("launch_p50_ms", percentile(steady.seconds, 0.5) * 1000, "ms"),
        Figure("launch_p95_ms", percentile(steady.seconds, 0.95) * 1000, "ms"),
        Figure("burst_launch_p95_ms", percentile(burst.seconds, 0.95) * 1000, "ms"),
        Figure("burst_sent_s", burst.took, "s"),
        Figure("commit_to_create_p50_s", percentile(waits, 0.5), "s"),
        Figure("commit_to_create_p95_s", percentile(waits, 0.95), "s"),
        Figure("burst_creates_per_s", (len(arrived) - 1) / (arrived[-1][0] - arrived[0][0]), "calls/s"),
        Figure("burst_fairness", fairness([project for moment, project in arrived if moment > all_asked]), "share"),
        Figure("doubled", doubled, "runs"),
        Figure("lost", lost, "runs"),
    ]


def _epoch(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
