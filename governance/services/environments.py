"""Environments are known to the app above, which registers how to look one up: so a gate can be asked by name."""

from collections.abc import Callable

from coe_portal.core.errors import InvalidInput
from governance.policies.schema import ENVIRONMENT_KINDS

Lookup = Callable[[str], str]
_lookups: list[Lookup] = []


def register(lookup: Lookup) -> None:
    """Add a function that gives the kind of the environment with a name, or an empty text; called once by ``ready``."""
    _lookups.append(lookup)


def kind_of(name: str) -> str:
    """The kind of the environment with this name; a kind stands for itself, no name for no environment.

    Raises:
        InvalidInput: no environment has this name.
    """
    kinds = [kind for lookup in _lookups if name and (kind := lookup(name))]
    if kinds:
        return kinds[0]
    if name and name not in ENVIRONMENT_KINDS:
        raise InvalidInput(
            {"environment": [f"There is no environment “{name[:60]}”. GET /api/v1/environments/ lists them."]}
        )
    return name
