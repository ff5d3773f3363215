"""What narrows a list: filters in the address, under a saved view, as chips that take themselves away."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from coe_portal.core.models import SavedView, SavedViewPage, User
from coe_portal.core.services import saved_views

FLEETING = ("view", "cursor")


@dataclass(frozen=True)
class Chip:
    """One filter in force; ``query`` is the address's query string without it."""

    label: str
    text: str
    query: str


class Address:
    """The query string of a list over what its saved view holds.

    What the address names itself wins, also when it is empty: so a filter of the view can be taken away. Filters,
    columns, order and view are parameters of their own, and none resets another.
    """

    def __init__(self, own: QueryDict, view: SavedView | None = None) -> None:
        self.own, self.view = own, view
        self.stored = QueryDict(view.query if view else "")
        self.effective = self.stored.copy()
        for name, values in own.lists():
            self.effective.setlist(name, values)
        empty = [name for name, values in self.effective.lists() if not any(values)]
        for name in (*FLEETING, *empty):
            self.effective.pop(name, None)

    def __str__(self) -> str:
        """The query string itself; the cursor never survives a change of the list."""
        return self.link()

    def link(self, /, **changes: str | list[str]) -> str:
        """The query string with other values; an empty one takes the parameter away."""
        kept = self.own.copy()
        kept.pop("cursor", None)
        for name, value in changes.items():
            values = value if isinstance(value, list) else [value] * bool(value)
            if values or name in self.stored:
                kept.setlist(name, values or [""])
            else:
                kept.pop(name, None)
        return kept.urlencode()

    def only(self, query: str) -> str:
        """The query string with these filters and no others; columns stay as they are."""
        wanted = QueryDict(query, mutable=True)
        if "columns" in self.effective:
            wanted.setlist("columns", self.effective.getlist("columns"))
        return wanted.urlencode()

    def hidden(self, *besides: str) -> list[tuple[str, str]]:
        """What a form on the page has to send along, without the fields that it has itself."""
        kept = {name: self.effective.getlist(name) for name in self.effective if name not in besides}
        if self.view is not None:
            kept["view"] = [self.view.pk]
        return [(name, value) for name, values in kept.items() for value in values]


def address_of(own: QueryDict, user: User) -> Address:
    """The address with its saved view, if it names one that the person may see; an unknown view is none."""
    wanted = own.get("view", "")
    known = SavedView.objects.visible_to(user).filter(pk=wanted[:26]) if wanted and "\x00" not in wanted else None
    return Address(own, known.first() if known is not None else None)


def saving(address: Address, page: SavedViewPage) -> dict[str, Any]:
    """What the control shows with which a list is saved as a view."""
    kept = saved_views.kept_of(page.value, address.effective)
    return {"address": address, "page_code": page.value, "page_url": reverse(page.url_name), "kept": kept}


def without(query: QueryDict, *names: str) -> str:
    """The query string without some parameters; the cursor never survives a change of the list."""
    return Address(query).link(**dict.fromkeys(names, ""))


def chips(form: Any, query: Address | QueryDict) -> list[Chip]:
    """One chip for every value of the form's fields that is in force."""
    address = query if isinstance(query, Address) else Address(query)
    return [
        Chip(str(field.label), _words(field.field, value), _without_value(address, field.name, value))
        for field in form
        for value in address.effective.getlist(field.name)
        if value
    ]


def _words(field: Any, value: str) -> str:
    choices = ((str(code), str(label)) for code, label in getattr(field, "choices", ()))
    return next((label for code, label in choices if code == value), value)


def _without_value(address: Address, name: str, value: str) -> str:
    return address.link(**{name: [each for each in address.effective.getlist(name) if each != value]})
