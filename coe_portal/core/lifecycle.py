"""One way to change a status.

A lifecycle is a table that stands beside the model's ``TextChoices``. ``move`` refuses outside a transaction, refuses
an unlisted move, changes the row only if nobody was faster, and writes the audit entry in the same transaction.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from coe_portal.core.errors import StaleState

if TYPE_CHECKING:
    from coe_portal.core.models import User

_registered: dict[str, "Lifecycle"] = {}


class Lifecycle:
    """The moves that a status field may make.

    Args:
        model: label of the model, ``app.Model``; names the table in ``docs/lifecycles.md``.
        states: the ``TextChoices`` of the field.
        moves: for each state the states that may follow; an empty set marks an end.
        field: name of the status field.
    """

    def __init__(
        self,
        *,
        model: str,
        states: type[models.TextChoices],
        moves: Mapping[Any, set[Any]],
        field: str = "state",
    ) -> None:
        self.model, self.states, self.field = model, states, field
        self.moves = {str(source): frozenset(map(str, targets)) for source, targets in moves.items()}
        unknown = {*self.moves, *(t for targets in self.moves.values() for t in targets)} - set(states.values)
        if unknown or set(self.moves) != set(states.values):
            raise ValueError(f"The lifecycle of {model} must list exactly its states: {sorted(states.values)}")
        _registered[model] = self

    def is_final(self, state: str) -> bool:
        return not self.moves[state]

    def allows(self, source: str, target: str) -> bool:
        return target in self.moves[source]

    def move(
        self,
        obj: Any,
        to: str,
        *,
        actor: "User | None",
        action: str,
        comment: str = "",
        on_behalf_of: "User | None" = None,
        project: str = "",
        **values: Any,
    ) -> None:
        """Move ``obj`` to the state ``to``, set ``values`` with it, and record it in the audit trail.

        Raises:
            StaleState: the move is not listed, or the row left its state in the meantime.
            TransactionManagementError: there is no open transaction.
        """
        from coe_portal.core import audit  # the audit entry's model needs this module first

        source = self.change(obj, to, **values)
        audit.record(
            actor=actor,
            action=action,
            subject=obj,
            before={self.field: source},
            after={self.field: str(to), **{name: audit.plain(value) for name, value in values.items()}},
            comment=comment,
            on_behalf_of=on_behalf_of,
            project=project,
        )

    def change(self, obj: Any, to: str, **values: Any) -> str:
        """Move without an audit entry, for rows that only the machine looks at. Returns the state it came from."""
        if not transaction.get_connection().in_atomic_block:
            raise transaction.TransactionManagementError("A state changes only inside a transaction.")
        source, target = str(getattr(obj, self.field)), str(to)
        if not self.allows(source, target):
            labels = dict(self.states.choices)
            raise StaleState(
                f"{obj} is {str(labels[source]).lower()} and cannot become {str(labels[target]).lower()} any more. "
                "Reload the page to see where it stands."
            )
        values = {self.field: target, **values}
        manager = type(obj)._default_manager
        if manager.filter(pk=obj.pk, **{self.field: source}).update(**values) != 1:
            raise StaleState(f"{obj} was changed by someone else. Reload and try again.")
        for name, value in values.items():
            setattr(obj, name, value)
        return source


def registered() -> dict[str, Lifecycle]:
    """Every lifecycle by its model's label; the document docs/lifecycles.md is made from it."""
    return dict(sorted(_registered.items()))
