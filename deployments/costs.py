"""Money for compute: pure functions. All amounts are ``Decimal`` in one currency, kept to six decimals."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MICRO = Decimal("0.000001")
CENT = Decimal("0.01")
SECONDS_PER_HOUR = Decimal(3600)
# AWS promises "up to 90 %" and guarantees nothing; 0.5 is the careful end of the range that its customers report.
DEFAULT_SPOT_SAVING = Decimal("0.5")
SIMILAR_RUNS = 20


@dataclass(frozen=True, slots=True)
class Observation:
    """What one finished run used. ``billable_seconds`` and ``training_seconds`` are wall clock, per instance."""

    billable_seconds: int
    training_seconds: int
    spot: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """The expected amount of a run and the sentence that says what it rests on."""

    amount: Decimal
    basis: str


def compute_cost(*, per_hour: Decimal, instance_count: int, seconds: int) -> Decimal:
    """Price of ``instance_count`` machines for ``seconds`` of wall clock.

    Formula: per_hour × count × seconds / 3600. For a finished job ``seconds`` is AWS's BillableTimeInSeconds, which is
    wall clock too (API reference of DescribeTrainingJob: "multiply by the number of instances").
    """
    return micro(per_hour * instance_count * seconds / SECONDS_PER_HOUR)


def worst_case(*, per_hour: Decimal, instance_count: int, max_runtime_seconds: int) -> Decimal:
    """The most a run can cost: every machine for the whole allowed time, at the on-demand price."""
    return compute_cost(per_hour=per_hour, instance_count=instance_count, seconds=max_runtime_seconds)


def expected(
    *, per_hour: Decimal, instance_count: int, max_runtime_seconds: int, spot: bool, similar: Sequence[Observation]
) -> Forecast:
    """Forecast from the median duration of similar finished runs; without any, the worst case is the forecast."""
    ceiling = worst_case(per_hour=per_hour, instance_count=instance_count, max_runtime_seconds=max_runtime_seconds)
    if similar:
        seconds = int(median([Decimal(run.training_seconds or run.billable_seconds) for run in similar]))
        amount = compute_cost(per_hour=per_hour, instance_count=instance_count, seconds=seconds)
        basis = f"Median of {len(similar)} similar finished run{'s' if len(similar) > 1 else ''}: {duration(seconds)}"
    else:
        amount, basis = ceiling, "No similar run has finished yet, so this is the most it can cost"
    if spot:
        saving = spot_saving_expected(similar)
        amount, basis = micro(amount * (1 - saving)), f"{basis}; spot saves about {percent(saving)}"
    return Forecast(min(amount, ceiling), f"{basis}.")


def spot_saving(*, billable_seconds: int, training_seconds: int) -> Decimal:
    """Share of time that managed spot training did not charge for: 1 − BillableTimeInSeconds / TrainingTimeInSeconds.

    Source: API reference of DescribeTrainingJob, BillableTimeInSeconds. 0 when nothing ran.
    """
    if training_seconds <= 0:
        return Decimal(0)
    return max(Decimal(0), 1 - Decimal(billable_seconds) / Decimal(training_seconds))


def spot_saving_expected(similar: Sequence[Observation]) -> Decimal:
    """Median saving of our own finished spot runs, or ``DEFAULT_SPOT_SAVING`` when there is none."""
    savings = [
        spot_saving(billable_seconds=run.billable_seconds, training_seconds=run.training_seconds)
        for run in similar
        if run.spot and run.training_seconds > 0
    ]
    return median(savings) if savings else DEFAULT_SPOT_SAVING


def median(values: Sequence[Decimal]) -> Decimal:
    """The middle value, or the mean of the two middle ones. ``values`` must not be empty."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def micro(amount: Decimal) -> Decimal:
    """Round half up to the six decimals that are kept."""
    return amount.quantize(MICRO, rounding=ROUND_HALF_UP)


def money(amount: Decimal | None, currency: str = "USD") -> str:
    """An amount for people: ``$1,234.50``, ``< $0.01`` for what would round to nothing, ``not known`` for None."""
    if amount is None:
        return "not known"
    sign = {"USD": "$", "EUR": "€", "GBP": "£"}.get(currency, f"{currency} ")
    if 0 < amount < CENT:
        return f"< {sign}0.01"
    minus = "−" if amount < 0 else ""
    return f"{minus}{sign}{abs(amount).quantize(CENT, rounding=ROUND_HALF_UP):,}"


def percent(share: Decimal) -> str:
    """A share such as 0.684 as ``68%``."""
    return f"{(share * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)}%"


def duration(seconds: int) -> str:
    """Seconds for people: ``45 s``, ``3 min 5 s``, ``2 h 38 min``."""
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds % 3600 >= 60 else f"{seconds // 3600} h"
