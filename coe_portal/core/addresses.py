"""Addresses of pages, remembered: they stay the same while a process runs, and a page asks for dozens of them."""

from functools import lru_cache
from typing import Any

from django.urls import NoReverseMatch, reverse


@lru_cache(maxsize=8192)
def path_to(name: str, *args: Any) -> str:
    """The address of a page, as ``reverse`` makes it. Raises NoReverseMatch."""
    return reverse(name, args=args)


@lru_cache(maxsize=8192)
def path_if(name: str, *args: Any) -> str:
    """The address of a page, or nothing while the app that has it is not mounted."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
