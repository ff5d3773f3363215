"""What runs do, in sentences of the audit trail."""

from coe_portal.core.story import Telling, tells

ENDS = {
    "run.submitted": "handed {label} to SageMaker",
    "run.started": "saw {label} start",
    "run.stopping": "saw {label} being stopped",
    "run.succeeded": "saw {label} succeed",
    "run.failed": "saw {label} fail",
    "run.stopped": "saw {label} stopped",
    "run.lost": "found that SageMaker does not know {label} any more",
    "run.unknown": "saw {label} in a state that it does not know",
    "run.waits_for_capacity": "keeps {label} waiting for a machine",
}


@tells("run.launched")
def _launched(told: Telling) -> str:
    after = told.after
    worst = f", at most ${float(after['worst_case']):,.2f}" if after.get("worst_case") else ""
    return f"launched {told.label}: {after['template']} on {after['instance']} in {after['environment']}{worst}"


@tells(*ENDS)
def _seen(told: Telling) -> str:
    cost = f" for ${float(told.after['cost']):,.2f}" if told.after.get("cost") else ""
    words = "stopped {label}" if told.entry.actor_id and told.entry.action == "run.stopped" else ENDS[told.entry.action]
    return words.format(label=told.label) + cost


@tells("run.stop_requested")
def _stop(told: Telling) -> str:
    return f"asked to stop {told.label}"
