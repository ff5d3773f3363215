"""Choosing a colleague in a form, in an organisation of thousands."""

from functools import partial
from typing import Any

from django import forms

from coe_portal.core.models import User
from coe_portal.core.models.user import UserQuerySet
from coe_portal.core.widgets import PlainSelect


class ColleagueField(forms.ChoiceField):
    """A colleague by username.

    Args:
        nobody: what stands first and chooses nobody.
    """

    widget = PlainSelect

    def __init__(self, *, nobody: str = "Choose a colleague", **kwargs: Any) -> None:
        self.nobody = nobody
        super().__init__(choices=partial(_choices, nobody, None), **kwargs)

    def offer(self, people: UserQuerySet) -> None:
        """Let only these be chosen."""
        self.choices = partial(_choices, self.nobody, people)


def _choices(nobody: str, people: UserQuerySet | None) -> list[tuple[str, str]]:
    rows = User.objects.people() if people is None else people
    return [
        ("", nobody),
        *((username, name or username) for username, name in rows.values_list("username", "display_name")),
    ]
