"""Scores of reviewers: totals by weight, how far reviewers are apart, who ranks where. Pure.

Every dimension is judged from 1 to 5 on an anchored scale, and more is better everywhere: a 5 for risk is hardly any.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

DIMENSIONS = ("value", "feasibility", "data_readiness", "risk")
LOWEST, HIGHEST = 1, 5
EXACT = 6  # decimals to which means are kept, so that two ways of adding agree
APART = 2  # reviewers who differ by so much on one dimension should talk before anybody decides

Scores = Mapping[str, float]
Weights = Mapping[str, int]


@dataclass(frozen=True)
class Spread:
    """What several reviewers say of one thing: their mean, the lowest and the highest."""

    mean: float
    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Summary:
    """What the reviews of one intake amount to; ``total`` is None while nobody has reviewed it."""

    count: int
    total: Spread | None
    dimensions: Mapping[str, Spread]

    @property
    def apart(self) -> tuple[str, ...]:
        """The dimensions on which reviewers differ by two points or more."""
        return tuple(name for name, spread in self.dimensions.items() if spread.width >= APART)


@dataclass(frozen=True)
class Place:
    """Where something stands in a ranking: rank 1 is best, equal totals share a rank."""

    key: str
    total: float
    rank: int


@dataclass(frozen=True)
class Shift:
    """How a place changes under other weights; ``moved`` is positive when it rises."""

    key: str
    now: Place
    then: Place

    @property
    def moved(self) -> int:
        return self.now.rank - self.then.rank


def total(scores: Scores, weights: Weights) -> float:
    """Σ weight × score ÷ Σ weight over the dimensions: between 1 and 5.

    Raises:
        ValueError: a dimension that has a weight has no score, or no dimension has a weight.
    """
    weighed = {name: weight for name, weight in weights.items() if weight}
    if not weighed or any(name not in scores for name in weighed):
        raise ValueError("Every dimension that has a weight needs a score.")
    return sum(weight * scores[name] for name, weight in weighed.items()) / sum(weighed.values())


def summarise(reviews: Sequence[Scores], weights: Weights) -> Summary:
    """Means and spreads of the reviews, by dimension and of their totals."""
    if not reviews:
        return Summary(0, None, {})
    dimensions = {name: _spread([review[name] for review in reviews]) for name in DIMENSIONS}
    return Summary(len(reviews), _spread([total(review, weights) for review in reviews]), dimensions)


def _spread(values: Sequence[float]) -> Spread:
    low, high = min(values), max(values)
    return Spread(*(round(each, EXACT) for each in (min(max(sum(values) / len(values), low), high), low, high)))


def shown(value: float) -> float:
    """A total as people read it: two decimals, halves away from zero, the same on every page."""
    return float(Decimal(f"{value:.{EXACT}f}").quantize(Decimal("0.01"), ROUND_HALF_UP))


def ranking(means: Mapping[str, Scores], weights: Weights) -> list[Place]:
    """Everything that has scores, best first; equal totals (to two decimals) share a rank, and then the key decides."""
    totals = sorted(((shown(total(scores, weights)), key) for key, scores in means.items()), key=_best_first)
    ranks: dict[float, int] = {}
    for number, (value, _) in enumerate(totals, 1):
        ranks.setdefault(value, number)
    return [Place(key, value, ranks[value]) for value, key in totals]


def _best_first(item: tuple[float, str]) -> tuple[float, str]:
    return -item[0], item[1]


def shifts(means: Mapping[str, Scores], now: Weights, then: Weights) -> list[Shift]:
    """How every place changes from one set of weights to another, in the order of the new ranking."""
    before = {place.key: place for place in ranking(means, now)}
    return [Shift(place.key, before[place.key], place) for place in ranking(means, then)]


def problems_of_scores(scores: Mapping[str, object]) -> dict[str, list[str]]:
    """A sentence per dimension that is missing, unknown or not a whole number from 1 to 5."""
    sentence = f"Give a whole number from {LOWEST} to {HIGHEST}."
    wrong = {name: [sentence] for name in DIMENSIONS if not _is_score(scores.get(name))}
    unknown = [name for name in scores if name not in DIMENSIONS]
    return wrong | {name: [f"There is no such dimension. Known: {', '.join(DIMENSIONS)}."] for name in unknown}


def _is_score(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and LOWEST <= value <= HIGHEST


def problems_of_weights(weights: Mapping[str, object]) -> dict[str, list[str]]:
    """A sentence per weight that cannot be used; all of them together make 100."""
    found = _unusable(weights)
    if found:
        return found
    whole = sum(value for value in weights.values() if isinstance(value, int))
    return {} if whole == 100 else {"weights": [f"The weights together need to be 100; these are {whole}."]}


def _unusable(weights: Mapping[str, object]) -> dict[str, list[str]]:
    unknown = [name for name in weights if name not in DIMENSIONS]
    found = {name: [f"There is no such dimension. Known: {', '.join(DIMENSIONS)}."] for name in unknown}
    for name in DIMENSIONS:
        value = weights.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
            found[name] = ["Give a whole number from 0 to 100."]
    return found


def means_of(reviews: Iterable[Scores]) -> dict[str, float]:
    """The mean of every dimension over the reviews; empty without any."""
    rows = list(reviews)
    return {name: sum(row[name] for row in rows) / len(rows) for name in DIMENSIONS} if rows else {}
