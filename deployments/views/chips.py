"""How states look: a class of the design language, an icon and a word."""

from dataclasses import dataclass

from deployments.models import RunState


@dataclass(frozen=True, slots=True)
class Chip:
    """``kind`` is one of mute, info, warn, ok, bad; ``icon`` a tabler icon."""

    kind: str
    icon: str
    word: str


_RUN = {
    RunState.QUEUED: ("mute", "clock"),
    RunState.SUBMITTING: ("info", "loader"),
    RunState.WAITING_CAPACITY: ("warn", "hourglass"),
    RunState.STARTING: ("info", "loader"),
    RunState.RUNNING: ("info", "loader"),
    RunState.STOPPING: ("warn", "player-stop"),
    RunState.SUCCEEDED: ("ok", "circle-check"),
    RunState.FAILED: ("bad", "circle-x"),
    RunState.STOPPED: ("mute", "player-stop"),
    RunState.LOST: ("bad", "alert-triangle"),
    RunState.UNKNOWN: ("warn", "question-mark"),
}
_RUN_CHIPS = {str(state): Chip(*look, str(state.label)) for state, look in _RUN.items()}
_STOP_ASKED = Chip("warn", "player-stop", "Stopping")
_CHECKS = {
    "unchecked": Chip("mute", "circle-dashed", "Not checked"),
    "checking": Chip("info", "loader", "Checking"),
    "passed": Chip("ok", "circle-check", "Works"),
    "failed": Chip("bad", "circle-x", "Does not work"),
}
_VERDICTS = {
    "fits": Chip("ok", "circle-check", "Fits the budget"),
    "over_budget": Chip("bad", "circle-x", "Over budget"),
    "no_budget": Chip("mute", "circle-dashed", "No budget set"),
}


def run_chip(state: str, *, stop_requested: bool = False) -> Chip:
    """The chip of a run; a run that was asked to stop says so before AWS does."""
    chip = _RUN_CHIPS[state]
    return _STOP_ASKED if stop_requested and chip.kind in ("info", "warn") else chip


def check_chip(state: str) -> Chip:
    """The chip of an environment's check."""
    return _CHECKS.get(state, _CHECKS["unchecked"])


def verdict_chip(verdict: str) -> Chip:
    """The chip of an estimate."""
    return _VERDICTS[verdict]
