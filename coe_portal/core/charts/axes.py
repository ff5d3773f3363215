"""Round numbers for an axis."""

import math

SMALLEST = 1e-9
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def round_ticks(low: float, high: float, *, count: int = 4) -> tuple[float, ...]:
    """Round values from at or below ``low`` to at or above ``high``, about ``count`` steps apart; never one value only.

    A step is 1, 2, 2.5 or 5 times a power of ten, so that people can read between the lines.
    """
    if high - low < SMALLEST * max(1.0, abs(low), abs(high)):
        room = abs(high) * 0.05 if abs(high) > SMALLEST else 0.5
        low, high = low - room, high + room
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in STEPS if power * each >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(number * step, 10) for number in range(first, last + 1))


def decimals_of(ticks: tuple[float, ...]) -> int:
    """How many decimals tell the ticks apart, 6 at the most."""
    return next((n for n in range(6) if all(abs(round(tick, n) - tick) < 1e-9 for tick in ticks)), 6)
