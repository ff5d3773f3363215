"""Which answers can be kept at all, whatever a policy's schema allows: plain text, finite numbers. Pure."""

import math
import re
from collections.abc import Mapping
from typing import Any

LARGEST = 10**15
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def unkeepable(answer: Mapping[str, Any]) -> dict[str, list[str]]:
    """A sentence per field whose value no column can hold or no reader can read.

    Refused are control characters other than tabs and line ends, halves of surrogate pairs, numbers that are not
    finite and numbers beyond ±10¹⁵.
    """
    return {name: [sentence] for name, value in answer.items() if (sentence := _objection(name) or _objection(value))}


def _objection(value: Any) -> str:
    if isinstance(value, str) and _CONTROL.search(value):
        return "Remove the control characters; plain text and line breaks are fine."
    if isinstance(value, float) and not math.isfinite(value):
        return "Needs to be a finite number."
    if isinstance(value, int | float) and abs(value) > LARGEST:
        return "Needs to be between -1,000,000,000,000,000 and 1,000,000,000,000,000."
    return ""
