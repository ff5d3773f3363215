"""Settings of the test run: the product's own, with throw-away servers and no TLS."""

import os

os.environ.setdefault("SECRET_KEY", "tests-only-" + "0123456789" * 5)
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1,localhost")
os.environ.setdefault("INSECURE_HTTP", "true")
os.environ.setdefault("ORGANISATION_NAME", "Halden Group")
os.environ.setdefault("LOG_FORMAT", "console")
os.environ.setdefault("LOG_LEVEL", "ERROR")

from coe_portal.settings import *  # noqa: F403
from coe_portal.settings import CACHES, DATABASES, STORAGES

# The guard against emptying the audit trail stands aside for the test runner's own clean-up, and for nothing else.
DATABASES["default"]["OPTIONS"]["options"] = "-c coe.allow_truncate=on"
DATABASES["default"]["CONN_MAX_AGE"] = 0
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each worker has a database of its own and shares the server of the caches.
for _cache in CACHES.values():
    _cache["KEY_PREFIX"] = f"tests-{os.environ.get('PYTEST_XDIST_WORKER', '')}"
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"caller": None}  # noqa: F405
