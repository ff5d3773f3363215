"""A ceiling on requests, so that one script cannot starve the rest."""

from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

log = structlog.get_logger(__name__)

if TYPE_CHECKING:  # REST framework reads this module while its own views load
    from rest_framework.views import APIView


class PerCallerThrottle(SimpleRateThrottle):
    """Per person or service account; anonymous callers by address."""

    scope = "caller"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """A Redis that is away stops no caller: the ceiling protects, it does not decide."""
        try:
            return super().allow_request(request, view)
        except RedisError:
            log.warning("throttle_unavailable", consequence="requests are let through")
            return True

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        del view
        ident = str(request.user.pk) if request.user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
