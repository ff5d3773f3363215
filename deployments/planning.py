"""What to do next about a run: pure rules, no database and no AWS.

A run's row says what is wanted, AWS says what is; these functions compare the two and choose times.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deployments.models import FINAL_STATES, RunState

LEASE = timedelta(seconds=60)
FIRST_DELAY = timedelta(seconds=1)
MAX_DELAY = timedelta(minutes=2)
CAPACITY_DELAY = timedelta(minutes=2)
FIRST_EVENT_WITHIN = timedelta(seconds=20)
RUNTIME_GRACE = timedelta(minutes=10)
ENRICH_ATTEMPTS = 5
# From this number on one look at each takes more than one call, so what ended is asked for instead.
MANY_OPEN = 100
ENDS_EVERY = timedelta(seconds=45)
# Search's index may lag behind, so what is read last is read once more.
ENDS_OVERLAP = timedelta(seconds=30)
SELDOM = timedelta(minutes=5)


class Step(StrEnum):
    SUBMIT = "submit"
    LOOK = "look"
    STOP = "stop"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What people want of the run."""

    stop: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known about it: the state of the row, and whether its last facts are complete."""

    state: str
    enriched: bool = False
    on_aws: bool = False


BEFORE_AWS = frozenset({RunState.QUEUED, RunState.WAITING_CAPACITY, RunState.SUBMITTING})
STOPPABLE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.UNKNOWN})


def next_step(wanted: Wanted, observed: Observed) -> Step:
    """The one thing to do when the run's time has come."""
    if observed.state in BEFORE_AWS:
        # A create call may be under way or may have been lost: only looking tells whether there is a job to stop.
        return Step.LOOK if wanted.stop else Step.SUBMIT
    if observed.state in FINAL_STATES:
        return Step.LOOK if observed.on_aws and not observed.enriched else Step.NOTHING
    return Step.STOP if wanted.stop and observed.state in STOPPABLE else Step.LOOK


_RANKS = {"": 0, "Stopping": 2, "Completed": 9, "Failed": 9, "Stopped": 9}
_STATES = {
    "Stopping": RunState.STOPPING,
    "Completed": RunState.SUCCEEDED,
    "Failed": RunState.FAILED,
    "Stopped": RunState.STOPPED,
}
_WORKING = frozenset({"Training", "Uploading"})
_WAITING = frozenset(
    {
        "Starting",
        "Pending",
        "LaunchingMLInstances",
        "PreparingTrainingStack",
        "DownloadingTrainingImage",
        "Downloading",
        "Interrupted",
        "Restarting",
        "",
    }
)


def rank(status: str) -> int:
    """Order of TrainingJobStatus: a job never goes back to a lower rank. Unknown words rank with InProgress."""
    return _RANKS.get(status, 1)


def is_news(status: str, modified: datetime | None, known_status: str, known_modified: datetime | None) -> bool:
    """Whether what was seen is at least as new as what is known. Events come twice and out of order.

    A higher rank is always news; within a rank the later LastModifiedTime wins, and an unknown time is believed.
    """
    seen, known = rank(status), rank(known_status)
    if seen != known or seen == 9:
        return seen >= known and (seen != 9 or known != 9 or status == known_status)
    return modified is None or known_modified is None or modified >= known_modified


def state_of(status: str, secondary_status: str, current: str) -> str:
    """The run's state for what AWS says. A status never heard of is shown as unknown, not guessed."""
    if status in _STATES:
        return _STATES[status]
    if status != "InProgress":
        return RunState.UNKNOWN
    if secondary_status in _WORKING:
        return RunState.RUNNING
    if secondary_status in _WAITING or current not in (RunState.RUNNING, RunState.STARTING):
        return RunState.STARTING
    return current


def is_overdue(started: datetime | None, max_runtime_seconds: int, now: datetime) -> bool:
    """Whether a job runs on although AWS should have ended it: the cap of time is the cap of cost."""
    return started is not None and now > started + timedelta(seconds=max_runtime_seconds) + RUNTIME_GRACE


def retry_delay(attempts: int, retry_after: float | None = None) -> timedelta:
    """Capped exponential back-off with full jitter over its upper half: 0.5–1 × min(2 min, 1 s × 2^(attempts − 1))."""
    ceiling = min(MAX_DELAY, FIRST_DELAY * int(2 ** min(max(attempts, 1) - 1, 16)))
    delay = ceiling * (0.5 + random.random() / 2)  # noqa: S311  spreads load, no secret
    return max(delay, timedelta(seconds=retry_after or 0))


def look_again(*, heard: bool, waiting: bool, open_runs: int) -> timedelta:
    """When to look at a run that goes on, should no event come.

    One Search call looks at 100 runs. The interval grows with their number so that looking costs at most two calls in
    36 s for 200 runs and 100 in half an hour for 10,000. A run whose first event has not come is looked at soon: its
    queue may be dead. Where many go on, ends are read together (``read_ends_from``), so that runs of which events tell
    need a look of their own only now and then.

    Args:
        heard: an event about the run has come.
        waiting: the run has not begun to train.
        open_runs: how many go on in the environment.
    """
    interval = max(timedelta(seconds=30), timedelta(seconds=0.18 * open_runs))
    if not heard:
        return max(FIRST_EVENT_WITHIN, interval / 3)
    if open_runs >= MANY_OPEN:
        interval = max(interval, SELDOM)
    return interval if waiting else interval * 1.5


def enrich_after(open_runs: int) -> timedelta:
    """How long to wait with reading a finished job's bill, so that one call reads many: 1 s alone, at most 30 s.

    Where ends are read together, that call brings the bill; only what it missed is read by itself.
    """
    if open_runs >= MANY_OPEN:
        return ENDS_EVERY + timedelta(seconds=15)
    return timedelta(seconds=min(30.0, 1 + max(0, open_runs - 1) / 4))


def read_ends_from(since: datetime, newest: datetime | None, *, is_full: bool) -> datetime:
    """From which end on to read next, after ends were read from ``since`` to ``newest`` (by AWS's clock).

    A full page goes on where it stopped, at least a second later, because Search compares whole seconds; the rest of a
    second that held more than a page is left to the look at single runs.
    """
    if newest is None:
        return since
    return max(newest, since + timedelta(seconds=1)) if is_full else max(since, newest - ENDS_OVERLAP)
