"""What a plain REST framework project would have: its defaults, Django's default middleware, page numbers.

Only what a fair comparison asks for is kept from the portal: the database, and its tokens for signing in.
"""

from coe_portal.settings import *  # noqa: F403
from coe_portal.settings import INSTALLED_APPS

# The second factor is rows that the portal's people services name; its middleware would not be plain.
INSTALLED_APPS = [name for name in INSTALLED_APPS if name != "allauth.account"]
ROOT_URLCONF = "tests.bench.listing.plain"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["coe_portal.core.api.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
}
