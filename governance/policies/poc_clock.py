"""The clock of a proof of concept: how much of its time and money is used, and what follows from it. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

TIME, MONEY = "time", "money"
RUNNING, WARNING, OVER = "running", "warning", "over"
_ORDER = (RUNNING, WARNING, OVER)


@dataclass(frozen=True)
class ClockRule:
    """What the policy says of clocks.

    Attributes:
        warn_at: the share of time or money at which owner and sponsor are told, 0 to 1.
        holds_days: days for which a decision to go on holds after the end; then it is asked again.
    """

    warn_at: Decimal = Decimal("0.8")
    holds_days: int = 30


@dataclass(frozen=True)
class Plan:
    """When a proof of concept starts and ends, both days included, and what it may cost; None where nothing is set."""

    starts_on: date | None = None
    ends_on: date | None = None
    budget: Decimal | None = None


@dataclass(frozen=True)
class Hand:
    """Time or money: the share that is used, from 0 on, and the level. Without a limit there is no share."""

    kind: str
    share: Decimal | None
    level: str

    @property
    def percent(self) -> int | None:
        """The share as people say it, rounded down, so that 100 means all of it."""
        return None if self.share is None else int(self.share * 100)


@dataclass(frozen=True)
class Reading:
    """Both hands of the clock."""

    time: Hand
    money: Hand

    @property
    def hands(self) -> tuple[Hand, Hand]:
        return self.time, self.money

    @property
    def level(self) -> str:
        """The worse of the two."""
        return max((hand.level for hand in self.hands), key=_ORDER.index)


def read(plan: Plan, *, today: date, spent: Decimal, rule: ClockRule = ClockRule()) -> Reading:
    """How the clock stands. The last day still belongs to the proof of concept; money is over when all is used."""
    return Reading(_hand(TIME, _time_share(plan, today), rule), _hand(MONEY, _money_share(plan, spent), rule))


def _time_share(plan: Plan, today: date) -> Decimal | None:
    if plan.ends_on is None:
        return None
    if today > plan.ends_on:
        return Decimal(1)
    if plan.starts_on is None or plan.starts_on > plan.ends_on:
        return Decimal(0)
    passed, whole = (today - plan.starts_on).days, (plan.ends_on - plan.starts_on).days + 1
    return Decimal(max(passed, 0)) / whole


def _money_share(plan: Plan, spent: Decimal) -> Decimal | None:
    if plan.budget is None or plan.budget <= 0:
        return None
    return max(spent, Decimal(0)) / plan.budget


def _hand(kind: str, share: Decimal | None, rule: ClockRule) -> Hand:
    if share is None or share < rule.warn_at:
        return Hand(kind, share, RUNNING)
    return Hand(kind, share, OVER if share >= 1 else WARNING)
