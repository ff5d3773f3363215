"""System checks of our own, run by ``manage.py check`` and at every start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def secrets_are_real(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A portal that is reached over TLS must not run with debug pages or a demo password."""
    del app_configs, kwargs
    found: list[CheckMessage] = []
    if settings.SECURE_TLS and settings.DEBUG:
        found.append(Error("DEBUG is on.", hint="Remove DEBUG from the environment.", id="coe.E001"))
    if settings.SECURE_TLS and settings.ENV.DEMO_PASSWORD:
        found.append(Error("DEMO_PASSWORD is set.", hint="Only the laptop has demo people; remove it.", id="coe.E002"))
    return found
