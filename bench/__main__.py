"""`python -m bench WHAT ...`, as `everyhand bench WHAT` calls it in the data directory to measure in."""

from __future__ import annotations

import importlib
import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "everyhand.config.settings")
    django.setup()
    importlib.import_module(f"bench.{sys.argv[1]}").main()
