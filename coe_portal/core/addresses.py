"""Addresses of pages, remembered: they stay the same while a process runs, and a page asks for dozens of them."""

from functools import lru_cache

from django.urls import NoReverseMatch, reverse


@lru_cache(maxsize=8192, typed=True)
def path_to(name: str, *args: str | int) -> str:
    """The address of a page, as ``reverse`` makes it. Raises NoReverseMatch."""
    return reverse(name, args=args)


def path_if(name: str, *args: str | int) -> str:
    """The address of a page, or nothing while the app that has it is not mounted."""
    try:
        return path_to(name, *args)
    except NoReverseMatch:
        return ""
