"""What is wrong with a policy's YAML before its meaning: loops, keys written twice, what no column can keep. Pure."""

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

Problem = tuple[int, list[Any], str]  # line, path, reason
MOST_NODES = 50_000  # the largest shipped policy has about 5,000; aliases can make billions of a few lines
_UNKEEPABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_FLOAT = "tag:yaml.org,2002:float"


class _TooLarge(Exception):
    """The document is written out to more than anybody wrote."""


def problems(root: yaml.Node) -> list[Problem]:
    """Everything that is wrong with the tree; only the first reason when it cannot be walked to its end."""
    try:
        return list(_Walk().of(root, []))
    except _TooLarge:
        return [(0, [], f"The policy holds more than {MOST_NODES:,} parts once its aliases are written out.")]


class _Walk:
    """One walk through a tree: it knows the way to where it is, and how many nodes it has seen."""

    def __init__(self) -> None:
        self._seen = 0
        self._above: set[int] = set()

    def of(self, node: yaml.Node, path: list[Any]) -> Iterator[Problem]:
        """What is wrong with a node and all below it."""
        self._seen += 1
        if self._seen > MOST_NODES:
            raise _TooLarge
        if id(node) in self._above:
            yield _line(node), path, "This refers to itself, so it never ends. Write it out instead of the alias."
            return
        self._above.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield from _scalar(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield from self.of(item, [*path, index])
        elif isinstance(node, yaml.MappingNode):
            yield from self._mapping(node, path)
        self._above.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: list[Any]) -> Iterator[Problem]:
        """Keys that are written twice: YAML would silently take the last one."""
        names: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in names:
                yield _line(key), [*path, name], f"“{name}” is written twice."
            names.add(name)
            yield from self.of(key, path)
            yield from self.of(value, [*path, name])


def _scalar(node: yaml.ScalarNode, path: list[Any]) -> Iterator[Problem]:
    text = str(node.value)
    if _UNKEEPABLE.search(text):
        yield _line(node), path, "Remove the control characters; plain text and line breaks are fine."
    elif node.tag == _FLOAT and not _is_finite(text):
        yield _line(node), path, f"“{text}” is no number that can be compared. Leave the limit out instead."


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text.lower().replace(".inf", "inf").replace(".nan", "nan")))
    except ValueError:  # base 60, which YAML reads as a number
        return True


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
