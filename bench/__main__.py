"""`python -m bench WHAT ...`, as `everyhand bench WHAT` calls it in the data directory to measure in."""

from __future__ import annotations

import importlib
import os
import sys

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "everyhand.config.settings")
    django.setup()
    if sys.argv[1] != "generate":
        # Data that is kept may be older than the program, as any operator's; `generate` makes its own.
        call_command("migrate", verbosity=0, interactive=False)
    importlib.import_module(f"bench.{sys.argv[1]}").main()
