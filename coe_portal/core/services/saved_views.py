"""Saved views: kept, renamed, shared, taken away."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from django.db import transaction
from django.utils.datastructures import MultiValueDict

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import SavedView, SavedViewPage, User

MAX_NAME, MAX_QUERY, MOST = 60, 1000, 50
_NEVER_KEPT = ("view", "cursor", "csrfmiddlewaretoken")


@dataclass(frozen=True)
class Narrowing:
    """What narrows a page: the filter class of its list, and parameters such as order and columns."""

    filters: Any
    more: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [*self.filters.base_filters, *self.more]


_narrowings: dict[str, Narrowing] = {}


def register_page(page: SavedViewPage, filters: Any, *more: str) -> None:
    """Say what may stand in the views of a page: the names of its filter class, and ``more``."""
    _narrowings[page.value] = Narrowing(filters, more)


def kept_of(page: str, query: MultiValueDict[str, str]) -> str:
    """The part of a query string that a view of the page keeps."""
    known = _narrowings[page].names if page in _narrowings else list(query)
    return urlencode([(name, value) for name in query for value in query.getlist(name) if name in known and value])


@transaction.atomic
def save_view(*, name: str, page: str, query: str, is_shared: bool = False, actor: User) -> SavedView:
    """Keep a page's query string under a name. The same name again replaces what it showed.

    Raises InvalidInput, and StaleState when the person has too many views.
    """
    User.objects.select_for_update().get(pk=actor.pk)
    name = " ".join(name.split())
    values = {"page": page, "query": _clean(query), "is_shared": is_shared}
    _check(name, values)
    mine = SavedView.objects.filter(owner=actor)
    known = mine.filter(name=name).first()
    if known is None and mine.count() >= MOST:
        raise StaleState(f"You have {MOST} saved views. Take one away first.")
    before = _said(known) if known else None
    view, _ = SavedView.objects.update_or_create(owner=actor, name=name, defaults=values)
    audit.record(actor=actor, action="view.saved", subject=view, before=before, after=_said(view))
    return view


@transaction.atomic
def change_view(*, view_id: str, name: str, is_shared: bool, actor: User) -> SavedView:
    """Rename a view, share it or stop sharing it.

    Raises NotFound, NotAllowed (only the owner), InvalidInput.
    """
    view = _locked(view_id, actor)
    if view.owner_id != actor.pk:
        raise NotAllowed(f"Only {view.owner} changes this view. Save your own under another name.")
    name = " ".join(name.split())
    _check(name, {"page": view.page, "query": view.query})
    if SavedView.objects.filter(owner=actor, name=name).exclude(pk=view.pk).exists():
        raise InvalidInput({"name": ["You have another view with this name."]})
    before = _said(view)
    view.name, view.is_shared = name, is_shared
    view.save(update_fields=["name", "is_shared"])
    audit.record(actor=actor, action="view.changed", subject=view, before=before, after=_said(view))
    return view


@transaction.atomic
def remove_view(*, view_id: str, actor: User) -> None:
    """Take a view away. Raises NotFound, NotAllowed (the owner, or a CoE lead for a shared one)."""
    view = _locked(view_id, actor)
    if view.owner_id != actor.pk and not actor.is_lead:
        raise NotAllowed(f"Only {view.owner} and CoE leads take this view away.")
    audit.record(actor=actor, action="view.removed", subject=view, before=_said(view))
    view.delete()


def _locked(view_id: str, actor: User) -> SavedView:
    seen = SavedView.objects.visible_to(actor).filter(pk=view_id[:26])
    view = SavedView.objects.filter(pk__in=seen.values("pk")).for_list().select_for_update(of=("self",)).first()
    if view is None:
        raise NotFound("There is no such view that you may see.")
    return view


def _said(view: SavedView) -> dict[str, Any]:
    return {"name": view.name, "page": view.page, "query": view.query, "is_shared": view.is_shared}


def _clean(query: str) -> str:
    """The query string without what belongs to one visit only."""
    pairs = parse_qsl(query[: 2 * MAX_QUERY].lstrip("?"))  # leaves out what is empty
    return urlencode([(name, value) for name, value in pairs if name not in _NEVER_KEPT])


def _check(name: str, values: dict[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    if not 2 <= len(name) <= MAX_NAME or "\x00" in name:
        errors["name"] = [f"Give the view a name of 2 to {MAX_NAME} characters."]
    if values["page"] not in SavedViewPage.values:
        errors["page"] = [f"Choose one of {', '.join(SavedViewPage.values)}."]
    if len(values["query"]) > MAX_QUERY or "\x00" in values["query"] or "%00" in values["query"]:
        errors["query"] = [f"This is longer than {MAX_QUERY} characters; take some filters away."]
    elif wrong := _wrong_filters(values["page"], values["query"]):
        errors["query"] = wrong
    if errors:
        raise InvalidInput(errors)


def _wrong_filters(page: str, query: str) -> list[str]:
    """Why the page cannot be narrowed like this, in sentences."""
    known = _narrowings.get(page)
    if known is None:
        return []
    given = MultiValueDict(parse_qs(query))
    strange = [name[:40] for name in given if name not in known.names]
    if strange:
        title = SavedViewPage(page).label
        return [f"{title} has no filter {', '.join(strange)}. It knows {', '.join(known.names)}."]
    form = known.filters(given).form
    form.is_valid()
    return [f"{form.fields[name].label}: {sentence}" for name, said in form.errors.items() for sentence in said]
