"""People to choose from."""

from coe_portal.core.models import User


def colleagues(nobody: str) -> list[tuple[str, str]]:
    """Everybody to choose from, after ``nobody``."""
    return [("", nobody), *((person.username, str(person)) for person in User.objects.people())]


def colleagues_or_nobody() -> list[tuple[str, str]]:
    """Everybody to choose from, nobody first."""
    return colleagues("Nobody in particular")
