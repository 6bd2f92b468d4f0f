"""Django's SQLite back end with one addition: write transactions queue fairly (see `gate.py` for why)."""
