"""Reading a policy: YAML in, a checked document out. Errors carry the line and the reason."""

from dataclasses import dataclass
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from governance.policies import complaints, tree
from governance.policies.answer_meaning import answers
from governance.policies.known_parts import known
from governance.policies.meaning import approvals, criteria, endings, gates, intake, references, team
from governance.policies.risk_meaning import risk
from governance.policies.schema import POLICY_SCHEMA

MAX_SOURCE = 200_000
_FORMATS = FormatChecker(formats=["date"])


class _Loader(yaml.SafeLoader):
    """YAML whose days stay text, as they are in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class PolicyProblem:
    """One thing that is wrong with a policy: ``line`` counts from 1, 0 when it has none."""

    line: int
    where: str
    reason: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.where + ': ' if self.where else ''}{self.reason}"


class PolicyError(ValueError):
    """The policy cannot be used; ``problems`` lists every reason."""

    def __init__(self, problems: list[PolicyProblem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def load(source: str) -> dict[str, Any]:
    """Parse and check a policy. Raises PolicyError with every problem that was found."""
    if len(source) > MAX_SOURCE:
        raise PolicyError([PolicyProblem(0, "", f"The policy is longer than {MAX_SOURCE} characters.")])
    try:
        root, document = _read(source)
        found = tree.problems(root) if root else []
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "This is not YAML."
        raise PolicyError([PolicyProblem(mark.line + 1 if mark else 0, "", str(reason))]) from None
    if not isinstance(document, dict):
        raise PolicyError([PolicyProblem(1, "", "A policy is a mapping that starts with “name:”.")])
    wrong = [PolicyProblem(line, _where(path), reason) for line, path, reason in found]
    problems = wrong or _schema_problems(document, root) or _meaning_problems(document, root)
    if problems:
        raise PolicyError(problems)
    for criterion in document["criteria"]:
        # A database's JSON forgets the order of keys; people should be asked in the order that was written.
        schema = criterion["answer_schema"]
        schema.setdefault("x-order", list(schema["properties"]))
    return document


def _read(source: str) -> tuple[Any, Any]:
    """The tree, which knows its lines, and what it says."""
    reader = _Loader(source)
    try:
        root = reader.get_single_node()
        return root, reader.construct_document(root) if root else None
    finally:
        reader.dispose()


def _schema_problems(document: dict[str, Any], root: Any) -> list[PolicyProblem]:
    errors = Draft202012Validator(POLICY_SCHEMA, format_checker=_FORMATS).iter_errors(document)
    told = [complaint for error in errors for complaint in complaints.of(error)]
    found = [PolicyProblem(_line(root, path), _where(path), reason) for path, reason in told]
    return sorted(found, key=lambda problem: problem.line)


_MEANINGS = (references, criteria, answers, gates, approvals, known, team, risk, intake, endings)


def _meaning_problems(document: dict[str, Any], root: Any) -> list[PolicyProblem]:
    """What the schema cannot say."""
    found = [check for rule in _MEANINGS for check in rule(document)]
    problems = [PolicyProblem(_line(root, path), _where(path), reason) for path, reason in found]
    return sorted(problems, key=lambda problem: problem.line)


def _where(path: list[Any]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _line(node: Any, path: list[Any]) -> int:
    """The line on which the value at ``path`` stands, or the last line on the way to it."""
    line = node.start_mark.line + 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if pair is None:
                return int(line)
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return int(line)
