"""Small pieces that every page uses."""

import json
import re
import zlib
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template import TemplateSyntaxError, engines
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from coe_portal.core import menu as places
from coe_portal.core.addresses import path_if
from coe_portal.core.menu import MENU, MenuPlace
from coe_portal.core.models import SavedViewPage, User

register = template.Library()
register.simple_tag(path_if, name="url_if")
AVATAR_COLOURS = 6
CHIPS = {
    "mute": "circle-dashed",
    "info": "loader",
    "warn": "alert-triangle",
    "ok": "circle-check",
    "bad": "circle-x",
    "exp": "flask",
}


@cache
def _icons() -> dict[str, list[str]]:
    path = settings.BASE_DIR / "static" / "vendor" / "tabler" / "icons.json"
    icons: dict[str, list[str]] = json.loads(path.read_text())
    return icons


@register.simple_tag
@lru_cache(maxsize=1024, typed=True)  # typed: text that is safe and the same text that is not are two entries
def icon(name: str, label: str = "") -> SafeString:
    """An inlined tabler icon; decorative unless it has a label. Usage: {% icon "check" %}"""
    paths = _icons().get(name)
    if paths is None:
        raise TemplateSyntaxError(f"There is no icon “{name}” in static/vendor/tabler/icons.json.")
    drawn = format_html('<path d="{}"/>', "".join(paths))  # every path starts with an absolute M, so they can be one
    if label:
        return format_html('<svg class="ico" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', label, drawn)
    return format_html('<svg class="ico" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', drawn)


@register.simple_tag
@lru_cache(maxsize=1024, typed=True)
def chip(kind: str, word: str, name: str = "") -> SafeString:
    """A status chip: icon, word, tint. Usage: {% chip "warn" "At risk" %}"""
    return format_html('<span class="chip {}">{}{}</span>', kind, icon(name or CHIPS[kind]), word)


@register.simple_tag
def avatar(person: Any, large: bool = False) -> SafeString:
    """Initials in a circle whose colour stays with the person. Usage: {% avatar user %}"""
    if person is None:
        return format_html('<span class="av a0" aria-hidden="true">{}</span>', "?")
    return _avatar(person.username, str(person), person.initials, large)


@lru_cache(maxsize=1024, typed=True)
def _avatar(username: str, name: str, initials: str, large: bool) -> SafeString:
    colour = zlib.crc32(username.encode()) % AVATAR_COLOURS
    size = " lg-a" if large else ""
    return format_html('<span class="av a{}{}" title="{}" aria-hidden="true">{}</span>', colour, size, name, initials)


@register.simple_tag
def marked(text: str, words: str) -> SafeString:
    """The text with the typed words in bold. Usage: {% marked hit.title words %}"""
    wanted = "|".join(re.escape(word) for word in words.split())
    parts = re.split(f"({wanted})", text, flags=re.IGNORECASE) if wanted else [text]
    shown = (format_html("<b>{}</b>", part) if place % 2 else part for place, part in enumerate(parts))
    return format_html_join("", "{}", ((part,) for part in shown))


@register.filter
def money(value: Any, currency: str = "USD") -> str:
    """An amount for people: < $0.01, $14.62, $61k, $1.2M."""
    if value is None or value == "":
        return "not set"
    amount, sign = Decimal(value), "$" if currency == "USD" else f"{currency} "
    size = abs(amount)
    minus = "−" if amount < 0 else ""
    if 0 < size < Decimal("0.01"):
        return f"< {sign}0.01"
    if size >= 1_000_000:
        return f"{minus}{sign}{size / 1_000_000:.1f}M".replace(".0M", "M")
    if size >= 10_000:
        return f"{minus}{sign}{size / 1000:.0f}k"
    return f"{minus}{sign}{size:,.0f}" if size == size.to_integral() else f"{minus}{sign}{size:,.2f}"


@register.filter
@lru_cache(maxsize=1024)
def deed(code: str) -> str:
    """A code of the audit trail in words: “run.stop_requested” is “Run stop requested”."""
    return str(code).replace(".", " ").replace("_", " ").capitalize()


@register.filter
def day(value: date | datetime | None) -> str:
    """Thu 26 Nov; the year is added when it is another one."""
    if value is None:
        return ""
    return _day(timezone.localtime(value).date() if isinstance(value, datetime) else value, timezone.localdate())


def _day(at: date, today: date) -> str:
    return f"{at:%a} {at.day} {at:%b}" if at.year == today.year else f"{at:%a} {at.day} {at:%b} {at.year}"


@register.filter
def when(value: datetime | None) -> str:
    """Relative within the hour, today with the time, else the day with the time."""
    if value is None:
        return "never"
    now = timezone.localtime()
    seconds = (now - value).total_seconds()
    if 0 <= seconds < 60:
        return "just now"
    if 0 <= seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    local = value.astimezone(now.tzinfo)
    return f"{'today' if local.date() == now.date() else _day(local.date(), now.date())} {local:%H:%M}"


@register.simple_tag
def compiled(template: str, **values: Any) -> SafeString:
    """What a compiled template draws; it escapes by itself. Usage: {% compiled "rows/runs.jinja" rows=rows %}"""
    return SafeString(engines["compiled"].get_template(template).render(values))  # nosec B703


@register.simple_tag(takes_context=True)
def menu(context: Any) -> dict[str, Any]:
    """The sidebar: ``groups`` of links whose pages exist, those that are ``here``, the one that ``calls``."""
    path, user = context["request"].path, context["request"].user
    groups: list[dict[str, Any]] = []
    for title, group in MENU:
        links = [_link(place, url, path, user) for place in group if (url := path_if(place.url_name))]
        if links:
            groups.append({"title": title, "links": links})
    views = _saved_views(user, context["request"].GET.get("view", ""))
    if views:
        groups.append({"title": "Saved views", "links": views})
    links = [link for group in groups for link in group["links"]]
    return {
        "groups": groups,
        "here": [link for link in links if link["current"]],
        "calls": next((link for link in links if link["badge"]), None),
    }


def _saved_views(user: Any, current: str) -> list[dict[str, Any]]:
    pages = {page.value: path_if(page.url_name) for page in SavedViewPage}
    return [
        {
            "title": view["name"],
            "url": f"{pages[view['page']]}?view={view['id']}",
            "icon": "bookmark",
            "current": view["id"] == current,
            "count": None,
            "badge": "",
        }
        for view in places.saved_views(user)
    ]


def _link(place: MenuPlace, url: str, path: str, user: User) -> dict[str, Any]:
    return {
        "title": place.title,
        "url": url,
        "icon": place.icon,
        "current": path.startswith((url, *place.also)),
        "count": places.number(user, place.count),
        "badge": path_if(place.badge) if place.badge else "",
    }
