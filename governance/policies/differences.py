"""What differs between two documents, as a flat list that people can read. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = None
_IDENTITIES = ("code", "name")


@dataclass(frozen=True)
class Difference:
    """One place where two documents differ; ``None`` on a side means that it is not there.

    Attributes:
        path: names from the top to the place, such as ``("answers", "metric", "target")``.
    """

    path: tuple[str, ...]
    before: Any
    after: Any

    def as_json(self) -> dict[str, Any]:
        return {"path": ".".join(self.path), "before": self.before, "after": self.after}


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> list[Difference]:
    """Every place that differs, in the order of the documents.

    Mappings are compared by key, lists of mappings that carry a ``code`` or ``name`` by that, everything else as a
    whole.
    """
    if before == after:
        return []
    old, new = _by_key(before), _by_key(after)
    if old is None or new is None:
        return [Difference(path, before, after)]
    found: list[Difference] = []
    for key in [*old, *(key for key in new if key not in old)]:
        found += differences(old.get(key), new.get(key), (*path, key))
    return found


def _by_key(value: Any) -> dict[str, Any] | None:
    """The value as a mapping, or None when it has no parts to compare one by one."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if not isinstance(value, list) or not value:
        return None
    for identity in _IDENTITIES:
        keys = [item[identity] for item in value if isinstance(item, Mapping) and identity in item]
        if len(keys) == len(value) == len(set(keys)):
            return {str(item[identity]): item for item in value}
    return None
