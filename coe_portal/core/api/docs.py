"""The API's documentation page."""

from typing import Any

from django.utils.csp import CSP
from django.utils.decorators import method_decorator
from django.views.decorators.csp import csp_override
from drf_spectacular.views import SpectacularSwaggerView

# The page's own start script and styles are inline, so this page alone relaxes the policy; everything is self-hosted.
POLICY: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "frame-ancestors": [CSP.NONE],
}


@method_decorator(csp_override(POLICY), name="dispatch")
class ApiDocsView(SpectacularSwaggerView):
    """Browsable documentation, built from the schema; you can try calls with your session."""

    schema: Any = None
