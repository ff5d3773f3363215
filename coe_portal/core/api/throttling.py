"""A ceiling on requests, so that one script cannot starve the rest."""

from typing import TYPE_CHECKING

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:  # REST framework reads this module while its own views load
    from rest_framework.views import APIView


class PerCallerThrottle(SimpleRateThrottle):
    """Per person or service account; anonymous callers by address.

    Requests are counted by the clock's minute: one number for each caller, where REST framework would read and write
    the times of all requests of the last minute with every request.
    """

    scope = "caller"
    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Whether the present minute holds this request; while Redis is away each process counts for itself."""
        return self.rate is None or self._count(self.get_cache_key(request, view)) <= self.num_requests

    def _count(self, caller: str) -> int:
        """This request's number in the present minute."""
        window = f"{caller}:{int(self.timer() // self.duration)}"
        try:
            return cache.incr(window)
        except ValueError:  # the first of the minute; two at once both find the other's number or their own
            return 1 if cache.add(window, 1, timeout=2 * self.duration) else cache.incr(window)

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return float(self.duration - self.timer() % self.duration)

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        del view
        ident = str(request.user.pk) if request.user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
