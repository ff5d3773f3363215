"""Figures: computed, printed one line each, and written down."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. Its line is ``name value unit``."""

    name: str
    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.name} {self.rounded:g} {self.unit}"

    @property
    def rounded(self) -> float:
        """Whole numbers as they are, others to four digits that count."""
        if self.value == 0 or float(self.value).is_integer():
            return int(self.value)
        return round(self.value, max(0, 3 - math.floor(math.log10(abs(self.value)))))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is at least as large as ``share`` (0–1) of all (nearest rank).

    Raises:
        ValueError: there are no values, or ``share`` is not from 0 to 1.
    """
    if not values:
        raise ValueError("A percentile of nothing does not exist.")
    if not 0 <= share <= 1:
        raise ValueError(f"{share} is not a share from 0 to 1.")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def publish(name: str, figures: Sequence[Figure], *, options: Mapping[str, Any]) -> Path:
    """Print the figures and write ``bench/NAME.json`` in the folder ``VAR_DIR`` (default ``var``)."""
    for figure in figures:
        print(figure, flush=True)
    path = Path(os.environ.get("VAR_DIR") or ROOT / "var").expanduser() / "bench" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {figure.name: figure.rounded for figure in figures}
    content["about"] = {
        "benchmark": name,
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": dict(options),
        "units": {figure.name: figure.unit for figure in figures},
        "processors": os.cpu_count(),
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path
