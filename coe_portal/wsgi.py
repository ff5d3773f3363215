"""Entry point of the web processes."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coe_portal.settings")

application = get_wsgi_application()

# What is loaded now stays for ever. Without this the collector walks all of it (100 ms) every few dozen pages.
gc.collect()
gc.freeze()
