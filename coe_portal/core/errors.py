"""Errors that are meant for people.

A ``DomainError`` says what is wrong and what to do next; pages, API and log show the same sentence. Anything else
that is raised is a bug and must be loud.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that stands between a person and an action, and the way to fix it."""

    code: str
    message: str
    how_to_fix: str = ""
    url: str = ""


class DomainError(Exception):
    """A rule said no.

    Attributes:
        code: stable, machine-readable name of the rule (``urn:coe:<code>`` in the API).
        message: a sentence for people.
        status: the HTTP status that fits.
        missing: what has to happen first, if that is known.
        errors: sentences per input field.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 409,
        missing: Iterable[Missing] = (),
        errors: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.missing = tuple(missing)
        self.errors = {name: list(sentences) for name, sentences in (errors or {}).items()}


class NotAllowed(DomainError):
    """The person may see the object but not do this to it."""

    def __init__(self, message: str, *, code: str = "not_allowed", missing: Iterable[Missing] = ()) -> None:
        super().__init__(code, message, status=403, missing=missing)


class NotFound(DomainError):
    """There is no such object, or it is not this person's to know about."""

    def __init__(self, message: str = "There is nothing here that you may see.") -> None:
        super().__init__("not_found", message, status=404)


class InvalidInput(DomainError):
    """What was sent cannot be used. ``errors`` names the fields."""

    def __init__(self, errors: Mapping[str, Sequence[str]], message: str = "") -> None:
        first = next(iter(errors.items()), ("", ["Check what you sent."]))
        sentence = message or (
            f"{first[0]}: {first[1][0]}" if len(errors) == 1 else f"{len(errors)} fields need attention."
        )
        super().__init__("invalid_input", sentence, status=400, errors=errors)


class StaleState(DomainError):
    """Somebody else was faster, or the object is in a state that does not allow this."""

    def __init__(self, message: str, *, code: str = "stale_state") -> None:
        super().__init__(code, message, status=409)


class GateClosed(DomainError):
    """A gate refused the action; ``missing`` lists every reason."""

    def __init__(self, message: str, missing: Iterable[Missing]) -> None:
        super().__init__("gate_closed", message, status=409, missing=missing)
