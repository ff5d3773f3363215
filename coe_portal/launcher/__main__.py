"""Entry point of ``./portal``."""

import sys

from coe_portal.launcher.commands import main

sys.exit(main(sys.argv[1:]))
