"""Choosing a colleague in a form: from a list of few, or of thousands by typing a part of the name."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from coe_portal.core.models import User
from coe_portal.core.models.user import UserQuerySet
from coe_portal.core.widgets import PlainSelect

LISTED, SUGGESTED, WORDS, LONGEST = 200, 20, 8, 200
_LABELLED = re.compile(r"\(([^()\s]{1,64})\)\s*$")


class ColleaguePicker(PlainSelect):
    """A select while there are few to choose from; of more, a field that suggests colleagues while one types."""

    search_template = "django/forms/colleague.html"

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        self.choices = list(self.choices)
        if len(self.choices) <= LISTED + 1:
            return super().render(name, value, attrs, renderer)
        hint = f"{self.choices[0][1]}: type a part of the name"
        drawn = {"name": name, "value": _labelled(str(value or "")), "attrs": self.build_attrs(self.attrs, attrs)}
        context = {"widget": drawn | {"hint": hint}, "address": f"{reverse('pages:people')}?field={name}"}
        return render_to_string(self.search_template, context)


class ColleagueField(forms.ChoiceField):
    """A colleague by username. What the search field shows, a name with the username behind it, is understood too.

    Args:
        nobody: what stands first and chooses nobody.
    """

    widget = ColleaguePicker
    default_error_messages = {
        "invalid_choice": "“%(value)s” cannot be chosen here. Type a part of a colleague's name and choose one."
    }

    def __init__(self, *, nobody: str = "Choose a colleague", **kwargs: Any) -> None:
        self.nobody = nobody
        self.people: UserQuerySet | None = None
        super().__init__(choices=partial(_choices, nobody, None), **kwargs)

    def offer(self, people: UserQuerySet) -> None:
        """Let only these be chosen."""
        self.people = people
        self.choices = partial(_choices, self.nobody, people)

    def to_python(self, value: Any) -> str:
        """The username: as it is, from behind the name, or of the only colleague who is called so."""
        text = super().to_python(value).strip()
        found = _LABELLED.search(text)
        username = found[1] if found else text
        if not text or "\x00" in text or self._offered().filter(username=username).exists():
            return username
        called = self._offered().filter(display_name__iexact=text).values_list("username", flat=True)[:2]
        return called[0] if len(called) == 1 else text

    def valid_value(self, value: str) -> bool:
        return "\x00" not in value and self._offered().filter(username=value).exists()

    def _offered(self) -> UserQuerySet:
        return User.objects.people() if self.people is None else self.people


def suggestions(text: str) -> list[User]:
    """Colleagues whose name or username holds every word, the first by name."""
    rows = User.objects.people()
    for word in re.findall(r"[^\s()]+", text.replace("\x00", ""))[:WORDS]:
        rows = rows.filter(Q(display_name__icontains=word) | Q(username__icontains=word))
    return list(rows.order_by("display_name", "username")[:SUGGESTED])


def label_of(person: User) -> str:
    """A colleague as the search field shows them; the username tells those of one name apart."""
    return f"{person} ({person.username})"


def _labelled(value: str) -> str:
    person = User.objects.filter(username=value).first() if value and "\x00" not in value else None
    return label_of(person) if person else value


def _choices(nobody: str, people: UserQuerySet | None) -> Iterable[tuple[str, str]]:
    """Nobody, then at most one more than a select lists: enough to know that there are too many for it."""
    rows = User.objects.people() if people is None else people
    named = rows.values_list("username", "display_name")[: LISTED + 1]
    return [("", nobody), *((username, name or username) for username, name in named)]
