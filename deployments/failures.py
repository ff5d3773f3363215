"""Why a job failed, and what to do next: pure functions over AWS's FailureReason.

The classes are the prefixes that SageMaker puts before the colon; see the API reference of DescribeTrainingJob,
FailureReason, and the troubleshooting pages of the developer guide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

EXCERPT_LINES = 40
EXCERPT_CHARACTERS = 6000


@dataclass(frozen=True, slots=True)
class Explanation:
    """``cause`` is a stable word; ``next_step`` is a sentence for the person who launched the run."""

    cause: str
    message: str
    next_step: str
    excerpt: str = ""

    def plain(self) -> dict[str, str]:
        return {
            "cause": self.cause,
            "message": self.message,
            "next_step": self.next_step,
            "excerpt": self.excerpt,
        }


_STEPS = {
    "capacity": "AWS has no machine of this type free now. Retry later, or clone the run with another instance type.",
    "quota": "The account may use no more machines of this type. Ask for a higher quota, or clone with another type.",
    "internal": "The fault lies with AWS. Retry the run once; if it fails again, tell your CoE lead.",
    "memory": "The machine ran out of memory. Clone the run with a larger instance type or less data.",
    "code": "The training script failed. Read the end of the log, mend the cause and launch again.",
    "configuration": "AWS refused the job as it was set up. Correct what the message names and launch again.",
    "denied": "The environment's roles do not allow this. Have the environment checked by a DevOps engineer.",
    "data": "The input could not be read. Check the S3 location and that the execution role may read it.",
    "runtime": "The run used up its maximum time. Clone it with a longer one, or make the training shorter.",
    "spot_wait": "No spot machine was free for long enough. Retry later, or clone the run without spot.",
    "gate": "Clear what is missing, then retry the run.",
    "lost": "AWS does not know this job. Have the environment checked; retry the run if it is needed.",
    "name_clash": "Another job holds this run's name. Retry the run; it gets a new name.",
    "unreachable": "The portal keeps trying. If this stays, have the environment checked by a DevOps engineer.",
    "create_fails": "Have the environment checked by a DevOps engineer; retry the run when jobs can be created again.",
    "unsupported": "The AWS behind this environment lacks what the portal needs. Launch the run elsewhere.",
    "stop_refused": "The job goes on and costs money. The portal keeps trying; AWS's console can end it now.",
    "unknown": "Read the message and the log; ask your CoE lead if they do not help.",
}
_MEMORY = re.compile(r"out of memory|more memory|memoryerror|\boom\b|cannot allocate memory", re.IGNORECASE)
_DATA = re.compile(
    r"no s3 objects|data download failed|s3 prefix|s3 uri|does not exist|unable to (read|download)|nosuchkey",
    re.IGNORECASE,
)
_DENIED = re.compile(r"access ?denied|not authorized|permission", re.IGNORECASE)
_PREFIXES = {
    "CapacityError": "capacity",
    "InternalServerError": "internal",
    "AlgorithmError": "code",
    "ResourceLimitExceeded": "quota",
}


def explain(cause: str, message: str, excerpt: str = "") -> Explanation:
    """An explanation for a cause that is known already."""
    return Explanation(cause, message[:2000], _STEPS.get(cause, _STEPS["unknown"]), excerpt)


def explain_failure(reason: str, secondary_status: str = "") -> Explanation:
    """The explanation of a failed or stopped job from its FailureReason and secondary status."""
    ended = {"MaxRuntimeExceeded": "runtime", "MaxWaitTimeExceeded": "spot_wait"}.get(secondary_status)
    if ended:
        return explain(ended, reason or "The run was stopped because its time was used up.")
    return explain(cause_of(reason), reason or "AWS gave no reason.")


def cause_of(reason: str) -> str:
    """The class of a FailureReason."""
    prefix, colon, rest = reason.partition(":")
    known = _PREFIXES.get(prefix.strip()) if colon else None
    if _MEMORY.search(reason) and known in (None, "code"):
        return "memory"
    if known:
        return known
    if prefix.strip() != "ClientError":
        return "unknown"
    if _DENIED.search(rest):
        return "denied"
    return "data" if _DATA.search(rest) else "configuration"


def with_log(failure: Mapping[str, str], log: str) -> dict[str, str]:
    """A failure with the end of the log; what the log shows may also name the cause that AWS did not."""
    excerpt = excerpt_of(log)
    told = dict(failure) | {"excerpt": excerpt}
    if failure.get("cause") in ("code", "unknown") and _MEMORY.search(excerpt):
        told |= {"cause": "memory", "next_step": _STEPS["memory"]}
    return told


def excerpt_of(log: str) -> str:
    """The end of a log, whole lines, short enough to stand in a page."""
    lines = log.rstrip().splitlines()[-EXCERPT_LINES:]
    text = "\n".join(lines)
    return text if len(text) <= EXCERPT_CHARACTERS else text[-EXCERPT_CHARACTERS:].partition("\n")[2]
