"""Qualification: reviewers score an intake, a CoE lead decides it, weights are versioned and tried out first."""

from governance.services.qualification.deciding import Wish, decide_intake
from governance.services.qualification.returning import end_deferral, open_deferral, return_due
from governance.services.qualification.reviewing import give_review, is_awaited
from governance.services.qualification.weights import ranked, save_weights

__all__ = [
    "Wish",
    "decide_intake",
    "end_deferral",
    "give_review",
    "is_awaited",
    "open_deferral",
    "ranked",
    "return_due",
    "save_weights",
]
