"""What a gate asks besides approvals, in a few words for each demand. Pure."""

from collections.abc import Mapping
from typing import Any

from governance.policies.criteria import KIND_WORDS
from governance.policies.document import Policy

GAP_WORDS = {
    "no_domain_expert": "a domain expert",
    "nobody_accountable": "somebody accountable for every area of work",
    "two_accountable": "one accountable person for an area of work",
    "one_for_all": "more than one accountable person",
    "overloaded": "nobody accountable for too many areas of work",
    "inactive_member": "a team in which everybody has an account",
}


def asked_in_words(policy: Policy, target: str, risk_tier: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """What the gate to ``target`` asks of a project of this tier.

    Args:
        names: by code what the criteria are called of which it is to be said; the others are left out.
    """
    gate = policy.gate_to(target)
    if gate is None:
        return ()
    rows = {row["code"]: row for row in policy.criteria}
    found: list[str] = []
    for code in policy.asked_by(gate, risk_tier):
        if code in names:
            found += _of_criterion(rows[code], f"“{names[code]}”")
    return (*found, *(GAP_WORDS.get(gap, gap.replace("_", " ")) for gap in policy.team.closing(gate.name)))


def _of_criterion(row: Mapping[str, Any], name: str) -> list[str]:
    kinds = " or ".join(KIND_WORDS[kind] for kind in row.get("evidence", ()))
    evidence = [f"{kinds} as evidence of {name}"] if kinds else []
    verdict = [f"an acceptance of {name}"] if row.get("verdict") == "required" else []
    return [name, *evidence, *verdict]
