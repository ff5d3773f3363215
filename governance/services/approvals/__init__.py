"""Approvals: asked for, decided, withdrawn. Every decision is one transaction."""

from governance.services.approvals.asking import Question, request_approval
from governance.services.approvals.closing import withdraw
from governance.services.approvals.deciding import decide
from governance.services.approvals.questions import answer, ask

__all__ = ["Question", "answer", "ask", "decide", "request_approval", "withdraw"]
